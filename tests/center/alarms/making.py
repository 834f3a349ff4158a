"""Rules, rows and faults by a few words."""

from collections.abc import Sequence
from typing import Any, Final

from center.alarms.rules.inputs import RowTimes, SeenRow
from center.alarms.rules.rule import Rule, RuleText
from provisioning.contracts import ids
from provisioning.contracts.query.archive import ObjectRow, Observation
from provisioning.contracts.wire.messages import (
    Box,
    ClockQuality,
    Crossing,
    HopTimes,
    Machine,
    MachineClass,
    Motion,
    Observed,
    ObservedItem,
    PictureState,
)
from tests.center.street import AGENT, NOW_MS, observation

WIDTH, HEIGHT = 1000, 500
CAMERA: Final = "cam-1"
PLACE: Final = f"{AGENT}/{CAMERA}"
LEFT_HALF: Final = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]


def text(what: dict[str, Any], **changes: Any) -> RuleText:
    """A rule as a person would send it."""
    drawn = {"polygon", "segment"} & what.keys()
    cameras = {"cameras": [PLACE]} if drawn else {}
    return RuleText.model_validate({"name": "a rule", "what": what, **cameras, **changes})


def rule(what: dict[str, Any], *, number: int = 1, version: int = 1, **changes: Any) -> Rule:
    """The same, in force."""
    return Rule(number, version, text(what, **changes))


def machine(
    x: float = 0.25,
    y: float = 0.5,
    *,
    cls: MachineClass = MachineClass.CAR,
    score: float = 0.9,
    size: int = 100,
    motion: Motion | None = None,
) -> Machine:
    """One whose wheels are at (x, y)."""
    cx, bottom = round(x * WIDTH), round(y * HEIGHT)
    box = Box(
        x0=max(cx - size // 2, 0), y0=max(bottom - size // 2, 0), x1=min(cx + size // 2, WIDTH), y1=min(bottom, HEIGHT)
    )
    return Machine(cls=cls, score=score, box=box, motion=motion)


def motion(
    heading_deg: float | None = None,
    *,
    dwell_s: float = 10,
    zones: dict[str, float] | None = None,
    crossed: Sequence[tuple[str, str]] = (),
    wrong_way: Sequence[str] = (),
) -> Motion:
    """As the tracker would tell it."""
    return Motion(
        heading_deg=heading_deg,
        dwell_s=dwell_s,
        zones=zones or {},
        crossed=tuple(Crossing.model_validate({"line": line, "to": to}) for line, to in crossed),
        wrong_way=tuple(wrong_way),
    )


def seen(
    *machines: Machine,
    camera: str = CAMERA,
    at_ms: int = NOW_MS,
    key: str = "k1",
    people: int = 0,
    trusted: bool = True,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> SeenRow:
    """A row with these machines; those that have a motion are followed as well."""
    return SeenRow(
        row_key=ids.row_key(AGENT, ids.observation_id(camera, at_ms, key)),
        agent_id=AGENT,
        camera_id=camera,
        width=size[0],
        height=size[1],
        machines=machines,
        followed=tuple(each for each in machines if each.motion is not None),
        people=people,
        trusted=trusted,
        times=RowTimes(captured_at_ms=at_ms, clock="arrival"),
    )


def hint(*rows: SeenRow, commit_seq: int = 1) -> Observed:
    """What the cluster says of rows."""
    return Observed(
        agent_id=AGENT,
        commit_seq=commit_seq,
        items=tuple(
            ObservedItem(
                observation_id=row.row_key.partition(":")[2],
                camera_id=row.camera_id,
                captured_at_ms=row.times.captured_at_ms,
                picture=PictureState.KEPT,
                machines=tuple(Machine(cls=each.cls, score=each.score, box=each.box) for each in row.machines),
                people=row.people,
                width=row.width or None,
                height=row.height or None,
                clock=ClockQuality.ARRIVAL,
                times=HopTimes(
                    selected_at_ms=row.times.captured_at_ms + 20,
                    redacted_at_ms=row.times.captured_at_ms + 260,
                    spooled_at_ms=row.times.captured_at_ms + 270,
                    published_at_ms=row.times.captured_at_ms + 300,
                    received_at_ms=row.times.captured_at_ms + 350,
                    parsed_at_ms=row.times.captured_at_ms + 450,
                    committed_at_ms=row.times.captured_at_ms + 600,
                ),
                followed=row.followed,
            )
            for row in rows
        ),
    )


def row(
    *machines: Machine,
    camera: str = CAMERA,
    at_ms: int = NOW_MS,
    key: str = "k1",
    people: int = 0,
    commit_seq: int = 1,
    trusted: bool = True,
) -> Observation:
    """The same as the archive has it."""
    like = observation(camera, at_ms, commit_seq, state=PictureState.WITHHELD)[0]
    asked = seen(*machines, camera=camera, at_ms=at_ms, key=key, people=people)
    snapshot = like.snapshot.model_copy(
        update={
            "row_key": asked.row_key,
            "observation_id": asked.row_key.partition(":")[2],
            "source_key": key,
            "width": WIDTH,
            "height": HEIGHT,
            "people": people,
            "followed": asked.followed,
            "time_trusted": trusted,
            "classes": tuple(sorted({each.cls for each in machines})),
        }
    )
    objects = tuple(
        ObjectRow(
            object_key=f"{asked.row_key}:{index:03d}",
            row_key=asked.row_key,
            index=index,
            camera_id=camera,
            captured_at_ms=at_ms,
            cls=each.cls,
            score=each.score,
            box=each.box,
        )
        for index, each in enumerate(machines)
    )
    return Observation(snapshot=snapshot, machines=objects)
