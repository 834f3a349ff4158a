"""A fleet in a county that does not exist, over one month of hours, laid down as the recorder would have written it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from bench.center.assessment.plan import EXCUSES, FAULTS, Fault, Hour, healthy
from center.access.districts import DistrictRecord, id_of
from center.access.permissions import CameraKey
from center.assessment.indicators import Indicator
from center.assessment.period import parse
from center.assessment.recording import facts_store
from center.assessment.recording.facts import HOUR_MS, Books, Key
from center.assessment.recording.reading import Heard
from center.assessment.tables import (
    GapRecord,
    HeardCameraRecord,
    RegisteredRecord,
    WindowRecord,
)
from center.database.store import Store

MONTH: Final = "2026-11"
DISTRICTS: Final = 10
GAP: Final = range(200, 206)
"""Hours of the month in which the centre itself was off."""
_SOUND: Final = Fault("sound")
_WEST, _SOUTH, _SIDE = 120.0, 30.0, 0.1


@dataclass(frozen=True, slots=True)
class Planted:
    """One camera and what is wrong with it."""

    key: CameraKey
    fault: Fault

    @property
    def found(self) -> dict[Indicator, str]:
        """What a pass must say fails, and why."""
        return dict(self.fault.found)


def lay_down(store: Store, *, cameras: int = 500, faults_each: int = 3, hours: int | None = None) -> list[Planted]:
    """Write the fleet. Each fault is planted `faults_each` times as far as there are cameras; the rest are sound.

    With `hours`, only the first of the month have facts.
    """
    period = parse(MONTH)
    planted = list(_planted(cameras, faults_each))
    with store.transaction() as session:
        for number in range(DISTRICTS):
            name = _district(number)
            session.add(
                DistrictRecord(district_id=id_of(name), name=name, region=_region(number), outline=_outline(number))
            )
        first = period.first_hour
        session.add(
            GapRecord(from_ms=(first + GAP.start) * HOUR_MS, to_ms=(first + GAP.stop) * HOUR_MS, cause="centre_stopped")
        )
        for number, each in enumerate(planted):
            _file(session, number, each, first)
        session.flush()
        for each in planted:
            facts_store.write(session, _heard(each, first, hours or period.end_hour - first))
    return planted


def _planted(cameras: int, faults_each: int) -> Iterator[Planted]:
    faults = [fault for fault in (*FAULTS, *EXCUSES) for _ in range(faults_each)]
    for number in range(cameras):
        agent, camera = f"agent-{number // 10:03d}", f"cam-{number:04d}"
        yield Planted(CameraKey(agent, camera), faults[number] if number < len(faults) else _SOUND)


def _file(session: Session, number: int, planted: Planted, first: int) -> None:
    """What the office and the agent have on file of it, and its maintenance."""
    agent_id, camera_id = planted.key
    fault = planted.fault
    place = _place(number, fault)
    session.add(
        HeardCameraRecord(
            agent_id=agent_id,
            camera_id=camera_id,
            name=f"Gate {number}",
            latitude=None,
            longitude=None,
            first_hour=first - 5000 if not fault.from_hour else first + fault.from_hour,
            left_hour=None if fault.to_hour is None else first + fault.to_hour - 1,
        )
    )
    session.add(
        RegisteredRecord(
            agent_id=agent_id,
            camera_id=camera_id,
            name="",
            district=_district(_home(number, fault)),
            gb_code=_code(number, fault),
            latitude=place and place[1],
            longitude=place and place[0],
        )
    )
    if fault.maintained:
        for begin, end in ((240, 300), (290, 360)):  # they overlap
            session.add(
                WindowRecord(
                    scope="camera",
                    district="",
                    agent_id=agent_id,
                    camera_id=camera_id,
                    from_ms=(first + begin) * HOUR_MS,
                    to_ms=(first + end) * HOUR_MS,
                    reason="new mast",
                    entered_by="works",
                    entered_at_ms=first * HOUR_MS,
                    retroactive=False,
                    ended_by="",
                    withdrawn_by="",
                    withdrawn_at_ms=None,
                )
            )


def _heard(planted: Planted, first: int, hours: int) -> Heard:
    heard, fault = Heard(), planted.fault
    counts = [1_000_000, 999_000, 400, 600]
    for number in range(fault.from_hour - 1, hours if fault.to_hour is None else fault.to_hour):
        key = Key(*planted.key, first + number)
        if fault.begins_anew_at == number:
            counts = [0, 0, 0, 0]
        hour: Hour | None = fault.change(healthy(number), number)
        if hour is None:
            heard.cause(key, "unknown:agent_revoked", (1 << 60) - 1)
            continue
        if number >= 0:
            counts = [
                count + grown
                for count, grown in zip(
                    counts, (hour.selected, hour.archived, hour.rejected, hour.dropped), strict=True
                )
            ]
        if number in GAP:
            continue
        heard.add_counters(key, _books(key, counts))
        if number >= 0:
            heard.hour(key, hour.facts)
            for cause, mask in hour.causes:
                heard.cause(key, cause, mask)
    return heard


def _books(key: Key, counts: list[int]) -> Books:
    selected, archived, rejected, dropped = counts
    return Books(key.hour * HOUR_MS + 3_590_000, selected, archived, rejected, dropped, duplicates=0, in_flight=0)


def _district(number: int) -> str:
    return f"District {number}"


def _region(number: int) -> str:
    return f"3301{number + 1:02d}"


def _outline(number: int) -> str:
    west = _WEST + number * _SIDE
    east, north = west + _SIDE, _SOUTH + _SIDE
    return json.dumps([[west, _SOUTH], [east, _SOUTH], [east, north], [west, north]])


def _place(number: int, fault: Fault) -> tuple[float, float] | None:
    own = _WEST + _home(number, fault) * _SIDE + 0.01 + number * 1e-4, _SOUTH + 0.02 + number * 1e-4
    match fault.place:
        case "own":
            return own
        case "swapped":
            return own[1], own[0]
        case "shared":  # somewhere in its own district, where others with this fault are too
            return _WEST + _home(number, fault) * _SIDE + 0.05, _SOUTH + 0.09
        case None | (float(), float()) as place:
            return place
        case _:
            raise AssertionError(fault.place)


def _code(number: int, fault: Fault) -> str:
    if fault.code is None:
        return f"{_region(_home(number, fault))}0100132{number:07d}"
    return f"{_region(_home(number, fault))}01001320999999" if fault.code == "shared" else fault.code.format(number)


def _home(number: int, fault: Fault) -> int:
    """Number of its district; those that share something share that too."""
    return 0 if "shared" in {fault.place, fault.code} else number % DISTRICTS
