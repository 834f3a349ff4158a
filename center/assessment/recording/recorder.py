"""Records messages and camera states as facts by the hour. Times without a record are named as gaps.

Messages come from the broker's thread and are joined in memory; `tick` reads the state of every camera and writes both
to the database. A fact that was not written when the process ends is unknown, never *offline*.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from center import background
from center.access.permissions import CameraKey
from center.assessment.recording import facts_store, reading
from center.assessment.recording.facts import hour_of
from center.assessment.recording.reading import Heard
from center.assessment.tables import (
    BooksRecord,
    CauseRecord,
    GapRecord,
    HeardCameraRecord,
    HourRecord,
    WatchRecord,
)
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, RowRefusedError, StoreUnavailableError
from center.fleet.devices import Devices
from provisioning.contracts.wire.messages import Assessed, CameraStatus, Heartbeat, Observed

TICK_S: Final = 20.0
UNWATCHED_MS: Final = 90_000
"""Milliseconds between two ticks; more is a gap with a name."""
SETTLE_MS: Final = 60_000
"""Milliseconds after a connection to the broker in which states are old: silence takes three missed heartbeats."""
KEEP_HOURS: Final = 24 * 400
"""Thirteen months of facts."""
_OFFSETS: Final = 8
"""Heartbeats by which an agent's clock is judged; the quickest of them counts, as in NTP's clock filter."""
MAX_SET_ASIDE: Final = 100
OTHERS: Final = CameraKey("?", "?")
"""Key of all cameras beyond those that are named."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Number of times that facts of a camera were set aside, with the last cause."""

    count: int
    cause: str


class Recorder:
    """Records facts of cameras that `devices` knows, so that no agent can fill the database. Thread-safe."""

    def __init__(self, store: Store, devices: Devices, now_ms: NowMs) -> None:
        self._store = store
        self._devices = devices
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._new_facts = Heard()
        self._ahead_ms: dict[str, deque[int]] = {}
        self._gaps: dict[tuple[int, str], int] = {}
        self._link_up = False
        self._settled_at_ms: int | None = None
        self._away_since_ms: int | None = now_ms()
        self.looked_at_ms: int | None = None
        """Time of the last tick that was written."""
        self._trouble = ""
        self.set_aside: dict[CameraKey, SetAside] = {}
        """Facts that could not be written, by camera: those of `MAX_SET_ASIDE` cameras, the rest under `OTHERS`."""
        self.loop = Periodic("the counting for the assessment", TICK_S, partial(asyncio.to_thread, self.tick))

    @property
    def fault(self) -> str:
        """Cause for which the last facts are not written yet; they wait in memory."""
        return self._trouble if self.loop.death is None else str(self.loop.death)

    def link(self, *, up: bool) -> None:
        """Notes that the broker was connected or lost."""
        now_ms = self._now_ms()
        with self._lock:
            if up == self._link_up:
                return
            self._link_up = up
            if up:
                self._settled_at_ms = now_ms + SETTLE_MS
                self._name_absence(now_ms)
                self._away_since_ms = None
            else:
                self._away_since_ms = now_ms

    def heard(self, heartbeat: Heartbeat) -> None:
        """Records an agent's counters, and its clock."""
        now_ms = self._now_ms()
        known = self._known(heartbeat.agent_id, list(heartbeat.cameras))
        facts = reading.heartbeat(
            heartbeat.model_copy(update={"cameras": {each: heartbeat.cameras[each] for each in known}}), now_ms
        )
        with self._lock:
            offsets = self._ahead_ms.setdefault(heartbeat.agent_id, deque(maxlen=_OFFSETS))
            offsets.append(heartbeat.sent_at_ms - now_ms)
            self._new_facts.join(facts)

    def assessed(self, message: Assessed) -> None:
        """Records an agent's measurements of its cameras."""
        now_ms = self._now_ms()
        known = self._known(message.agent_id, list(message.cameras))
        mine = message.model_copy(update={"cameras": {each: message.cameras[each] for each in known}})
        with self._lock:
            offsets = self._ahead_ms.get(message.agent_id)
            # A delay only makes an agent's clock look slow: the greatest offset is nearest to the truth.
            self._new_facts.join(reading.assessed(mine, now_ms, max(offsets) if offsets else None))

    def observed(self, message: Observed) -> None:
        """Records pictures that were archived."""
        now_ms = self._now_ms()
        known = set(self._known(message.agent_id, [item.camera_id for item in message.items]))
        mine = message.model_copy(update={"items": tuple(i for i in message.items if i.camera_id in known)})
        facts = reading.observed(mine, now_ms)
        with self._lock:
            self._new_facts.join(facts)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Ticks every `TICK_S` while `with` lasts, and once more at the end."""
        try:
            async with background.running([self.loop]):
                yield
        finally:
            await self.loop.turn()

    def tick(self) -> None:
        """Reads the state of every camera, then writes all facts.

        A database that is away is named in `fault` and tried again.

        Facts that could not be written stay in memory and are joined with later ones: nothing is counted twice. Facts
        of one camera that the database or a sum refuses are set aside by its name; those of all others are written.
        """
        with self._writing:
            views, statuses = self._devices.cameras(), self._devices.statuses()
            with self._lock:
                now_ms = self._now_ms()
                is_settled = self._settled_at_ms is not None and now_ms >= self._settled_at_ms
                if is_settled or not self._link_up:
                    for view in views:
                        self._new_facts.join(reading.look(view, now_ms))
                if not self._link_up:
                    self._name_absence(now_ms)
                new_facts, self._new_facts = self._new_facts, Heard()
                gaps, self._gaps = self._gaps, {}
            written = False
            try:
                self._store_all(new_facts, gaps, statuses, now_ms)
                written = True
            except StoreUnavailableError as error:
                self._trouble = str(error)
            finally:
                if not written:
                    with self._lock:
                        self._new_facts.join(new_facts)
                        self._gaps = {**gaps, **self._gaps}
            if written:
                self._trouble = ""
                self.looked_at_ms = now_ms

    def _store_all(
        self,
        new_facts: Heard,
        gaps: dict[tuple[int, str], int],
        statuses: Mapping[tuple[str, str], CameraStatus],
        now_ms: int,
    ) -> None:
        """Writes everything in one transaction; if something is refused, everything else."""
        cameras = {CameraKey(*key): status for key, status in statuses.items()}
        hour = hour_of(now_ms)

        def write_facts(keys: Sequence[CameraKey]) -> None:
            with self._store.transaction() as session:
                facts_store.write(session, new_facts.of(frozenset(keys)))

        def list_them(keys: Sequence[CameraKey]) -> None:
            with self._store.transaction() as session:
                _list_cameras(session, [cameras[key] for key in keys], hour)

        try:
            with self._store.transaction() as session:
                _list_cameras(session, cameras.values(), hour)
                facts_store.write(session, new_facts)
                self._watched(session, cameras.keys(), gaps, now_ms)
        except Exception as error:  # noqa: BLE001 - a database that is away goes on upwards
            _unless_away(error)
            for key, cause in (
                *_halved(sorted(cameras), list_them),
                *_halved(sorted(new_facts.cameras()), write_facts),
            ):
                self._put_aside(key, cause)
            with self._store.transaction() as session:
                self._watched(session, cameras.keys(), gaps, now_ms)

    def _put_aside(self, key: CameraKey, cause: str) -> None:
        name = key if key in self.set_aside or len(self.set_aside) < MAX_SET_ASIDE else OTHERS
        before = self.set_aside.get(name)
        self.set_aside[name] = SetAside(1 if before is None else before.count + 1, cause)

    def _watched(
        self, session: Session, cameras: Collection[CameraKey], gaps: dict[tuple[int, str], int], now_ms: int
    ) -> None:
        """Writes the time of this tick, the cameras that have left, and gaps without a tick."""
        _take_off(session, cameras, hour_of(now_ms))
        for (from_ms, cause), to_ms in gaps.items():
            session.merge(GapRecord(from_ms=from_ms, cause=cause, to_ms=to_ms))
        if self.looked_at_ms is None:
            watch = session.get(WatchRecord, 1)
            since_ms, cause = (watch.looked_at_ms if watch else now_ms), "centre_stopped"
        else:
            since_ms, cause = self.looked_at_ms, "not_watched"
        if now_ms - since_ms > UNWATCHED_MS:
            session.merge(GapRecord(from_ms=since_ms, cause=cause, to_ms=now_ms))
        session.merge(WatchRecord(id=1, looked_at_ms=now_ms))
        if self.looked_at_ms is None or hour_of(self.looked_at_ms) != hour_of(now_ms):
            for model in (HourRecord, CauseRecord, BooksRecord):
                session.execute(delete(model).where(model.hour < hour_of(now_ms) - KEEP_HOURS))

    def _name_absence(self, now_ms: int) -> None:
        if self._away_since_ms is not None and now_ms > self._away_since_ms:
            self._gaps[self._away_since_ms, "broker_away"] = now_ms

    def _known(self, agent_id: str, camera_ids: list[str]) -> list[str]:
        return [each for each in camera_ids if self._devices.camera(agent_id, each) is not None]


def _halved(keys: Sequence[CameraKey], write: Callable[[Sequence[CameraKey]], None]) -> Iterator[tuple[CameraKey, str]]:
    """Writes keys, halving those that are refused; yields each key that is refused by itself, with the cause."""
    if not keys:
        return
    try:
        write(keys)
    except Exception as error:  # noqa: BLE001 - a database that is away goes on upwards
        _unless_away(error)
        if len(keys) == 1:
            yield keys[0], error.text() if isinstance(error, CenterError) else type(error).__name__
            return
        middle = len(keys) // 2
        yield from _halved(keys[:middle], write)
        yield from _halved(keys[middle:], write)


def _unless_away(error: Exception) -> None:
    """Raises an error again if the database is away, and no row is to blame."""
    if isinstance(error, StoreUnavailableError) and not isinstance(error, RowRefusedError):
        raise error


def _list_cameras(session: Session, statuses: Iterable[CameraStatus], hour: int) -> None:
    """Writes the cameras in service, only where something changed."""
    listed = {(each.agent_id, each.camera_id): each for each in session.scalars(select(HeardCameraRecord))}
    for status in statuses:
        known = listed.get((status.agent_id, status.camera_id))
        if known is None:
            known = HeardCameraRecord(agent_id=status.agent_id, camera_id=status.camera_id, first_hour=hour)
            session.add(known)
        known.name, known.latitude, known.longitude = status.name, status.latitude, status.longitude
        known.left_hour = None


def _take_off(session: Session, present: Collection[CameraKey], hour: int) -> None:
    """Writes the hour of leaving for listed cameras that are no longer present."""
    table = HeardCameraRecord
    listed = session.execute(select(table.agent_id, table.camera_id).where(table.left_hour.is_(None)))
    for agent_id, camera_id in listed.all():
        if CameraKey(agent_id, camera_id) not in present:
            place = table.agent_id == agent_id, table.camera_id == camera_id
            session.execute(update(table).where(*place).values(left_hour=hour))
