"""Reads what became known and queues it for the receivers that are to get it.

The archive's commits, the alarms' events and the closed months are read from where they lie, by marks that outlive a
restart: nothing has to be heard at the right moment. The first run begins with what comes next.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from center.access.permissions import EVERYWHERE, CameraKey, Scope
from center.alarms.visibility import sees
from center.alarms.writer import AlarmWriter
from center.assessment.months import Months
from center.assessment.profiles import Positions, profiles
from center.clock import NowMs
from center.database.store import Store
from center.events_out.composing import EventComposer
from center.events_out.outbox import CAMERA_PLACE, COMMON, Addressed, EventDrop, EventOutbox
from center.events_out.schema import PeopleEvent
from center.fleet.devices import CameraView, CauseKind, Devices
from center.hour_counts import ACTOR, HOUR_MS
from center.search.client import Search
from center.search.filters import ZoneFilters
from provisioning.contracts.config.events_out import EventKind, EventReceiver
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.query.search import MAX_BINS
from provisioning.contracts.query.zone_counts import GRID_MS, ZoneCounts

PAGE: Final = 200
SETTLES_MS: Final = 30_000
"""Milliseconds for which the centre's own broker must be away before cameras are told to be unknown."""
RENEWS_MS: Final = 30_000
"""Milliseconds after which states are compared with what was queued although none has changed."""
CAMERAS_A_QUERY: Final = 500
_COMMITS: Final = "commits/"
_ALARMS: Final = "alarms"
_MONTH: Final = "month"
_PEOPLE: Final = "people"


class EventReader:
    """Reads for all receivers of one centre. `counts`: True for an agent whose rows count."""

    def __init__(
        self,
        receivers: Sequence[EventReceiver],
        outbox: EventOutbox,
        composer: EventComposer,
        *,
        store: Store,
        search: Search,
        alarms: AlarmWriter,
        devices: Devices,
        months: Months,
        positions: Positions,
        counts: Callable[[str], bool],
        now_ms: NowMs,
    ) -> None:
        self._receivers = receivers
        self._outbox = outbox
        self._composer = composer
        self._store = store
        self._search = search
        self._alarms = alarms
        self._devices = devices
        self._months = months
        self._positions = positions
        self._counts = counts
        self._now_ms = now_ms
        self._views: tuple[CameraView, ...] | None = None
        self._compared_ms = 0

    def wanted(self, kind: EventKind) -> list[EventReceiver]:
        """Returns the receivers that get events of a kind."""
        return [each for each in self._receivers if kind in each.kinds]

    def compare_states(self) -> None:
        """Compares all states with what was queued at the next reading, whether or not one has changed."""
        self._views = None

    async def read_observations(self) -> None:
        """Queues the rows that were committed.

        Raises:
            QueryError: the archive does not answer.
            StoreUnavailableError: the last page is read again next time.
        """
        marks = await asyncio.to_thread(self._outbox.marks, COMMON, _COMMITS)
        if not marks:
            status = await self._search.status()
            newest = (status.last_commit_seq, *status.further_commit_seqs)
            begin = {(COMMON, f"{_COMMITS}{number}"): str(each) for number, each in enumerate(newest)}
            await asyncio.to_thread(self._outbox.post, (), begin)
            return
        partition, partitions = 0, 1
        while partition < partitions:
            after = int(marks.get(f"{_COMMITS}{partition}", "0"))
            partitions = await self._read_partition(partition, after)
            partition += 1

    async def _read_partition(self, partition: int, after: int) -> int:
        """Reads one partition of the archive; returns their number. One that is new is read from its beginning."""
        while True:
            page = await self._search.commits(after=after, limit=PAGE, partition=partition)
            if not page.items:
                return page.partitions
            after = page.last_commit_seq
            await asyncio.to_thread(self._post_rows, page.items, f"{_COMMITS}{partition}", after)

    def _post_rows(self, rows: Sequence[Observation], place: str, after: int) -> None:
        districts, now_ms = self._districts(), self._now_ms()
        events, dropped = list[Addressed](), {each.id: Counter[EventDrop]() for each in self._receivers}
        scopes = {each.id: _scope(each, districts) for each in self._receivers}
        for row in rows:
            seen = row.snapshot
            # A picture that a user brought to a desk belongs to a case.
            if seen.signature is not None or not self._counts(seen.agent_id):
                continue
            event = self._composer.observation(row, districts.get(CameraKey(seen.agent_id, seen.camera_id), ""))
            for each in self.wanted(EventKind.OBSERVATION):
                if not scopes[each.id].holds(seen.agent_id, seen.camera_id):
                    continue
                if seen.committed_at_ms < now_ms - round(each.give_up_after_h * HOUR_MS):
                    dropped[each.id][EventDrop.EXPIRED] += 1
                else:
                    events.append(Addressed(each.id, EventKind.OBSERVATION, event))
        self._outbox.post(events, {(COMMON, place): str(after)}, dropped)

    def read_alarms(self) -> None:
        """Queues the changes of alarms. Blocks.

        Raises:
            StoreUnavailableError: they are read again next time.
        """
        mark, newest = self._outbox.marks(COMMON).get(_ALARMS), self._alarms.newest_event()
        # Where the newest events were deleted for their age, the next one may have a number that was used before.
        after = newest if mark is None else min(int(mark), newest)
        if mark != str(after):
            self._outbox.post((), {(COMMON, _ALARMS): str(after)})
        while pushes := self._alarms.since(after):
            districts = self._districts()
            scopes = [(each, _scope(each, districts)) for each in self.wanted(EventKind.ALARM)]
            events = list[Addressed]()
            for push in pushes:
                camera = CameraKey(push.alarm.agent_id, push.alarm.camera_id)
                event = self._composer.alarm(push, districts.get(camera, ""))
                if event is not None:
                    events += [
                        Addressed(each.id, EventKind.ALARM, event) for each, scope in scopes if sees(scope, *camera)
                    ]
            after = pushes[-1].event.id
            self._outbox.post(events, {(COMMON, _ALARMS): str(after)})

    def read_states(self) -> None:
        """Queues the states of cameras that are not those last queued. Blocks.

        Raises:
            StoreUnavailableError: they are queued next time.
        """
        views, now_ms = self._devices.cameras(), self._now_ms()
        if views == self._views and 0 <= now_ms - self._compared_ms < RENEWS_MS:
            return
        districts = self._districts()
        known = {CameraKey(each.agent_id, each.camera_id): each for each in views}
        states = {
            key: self._composer.camera_state(view, districts.get(key, ""))
            for key, view in known.items()
            if view.cause_kind is not CauseKind.BROKER_AWAY or now_ms - view.since_ms >= SETTLES_MS
        }
        events, marks = list[Addressed](), dict[tuple[str, str], str | None]()
        for each in self.wanted(EventKind.CAMERA_STATE):
            scope, told = _scope(each, districts), self._outbox.marks(each.id, CAMERA_PLACE)
            for key, event in states.items():
                place = f"{CAMERA_PLACE}{key.agent_id}/{key.camera_id}"
                if scope.holds(*key) and told.get(place) != event.id:
                    events.append(Addressed(each.id, EventKind.CAMERA_STATE, event))
                    marks[each.id, place] = event.id
            for place in told:
                agent_id, _, camera_id = place.removeprefix(CAMERA_PLACE).partition("/")
                gone = CameraKey(agent_id, camera_id)
                if gone not in known or not scope.holds(*gone):
                    removed = self._composer.removed(gone, now_ms)
                    events.append(Addressed(each.id, EventKind.CAMERA_STATE, removed))
                    marks[each.id, place] = None
        if marks:
            self._outbox.post(events, marks)
        self._views, self._compared_ms = views, now_ms

    async def read_people(self) -> None:
        """Queues the bins of five minutes that the archive reports, as the API would serve them.

        Raises:
            QueryError: the archive does not answer.
            StoreUnavailableError: they are queued next time.
        """
        end_ms = self._now_ms() // GRID_MS * GRID_MS
        districts = await asyncio.to_thread(self._districts)
        for each in self.wanted(EventKind.PEOPLE):
            mark = (await asyncio.to_thread(self._outbox.marks, each.id, _PEOPLE)).get(_PEOPLE)
            if mark is None:
                await asyncio.to_thread(self._outbox.post, (), {(each.id, _PEOPLE): str(end_ms)})
                continue
            begin_ms = int(mark)
            to_ms = min(end_ms, begin_ms + MAX_BINS * GRID_MS)
            if begin_ms >= to_ms:
                continue
            scope = _scope(each, districts)
            told_ms, events = to_ms, list[PeopleEvent]()
            for part in _parts(scope):
                purpose = f"event receiver {each.id}"
                filters = ZoneFilters(from_ms=begin_ms, to_ms=to_ms, bin_ms=GRID_MS, purpose=purpose)
                found = await self._search.zones(filters, actor=ACTOR, sight=part, action="people.publish")
                told_ms = min(told_ms, found.told_to_ms)
                events += self._bins(found, districts)
            if told_ms > begin_ms:
                ready = [
                    Addressed(each.id, EventKind.PEOPLE, event) for event in events if event.data.from_ms < told_ms
                ]
                await asyncio.to_thread(self._outbox.post, ready, {(each.id, _PEOPLE): str(told_ms)})

    def read_assessment(self) -> None:
        """Queues the newest version of the last closed month. Blocks.

        Raises:
            StoreUnavailableError: it is queued next time.
        """
        month = self._months.last_closed()
        judged = None if month is None else self._months.published(month)
        if judged is None or judged.version is None:
            return
        mark = f"{month} v{judged.version.number}"
        for each in self.wanted(EventKind.ASSESSMENT):
            if self._outbox.marks(each.id, _MONTH).get(_MONTH) == mark:
                continue
            chosen = None if each.whole_centre else frozenset(each.districts)
            events = [
                Addressed(each.id, EventKind.ASSESSMENT, event) for event in self._composer.assessment(judged, chosen)
            ]
            self._outbox.post(events, {(each.id, _MONTH): mark})

    def _bins(self, found: ZoneCounts, districts: Mapping[CameraKey, str]) -> list[PeopleEvent]:
        return [
            self._composer.people(key, counted, districts.get(key, ""))
            for zone in found.zones
            for key in (CameraKey(zone.agent_id, zone.camera_id),)
            for counted in zone.bins
        ]

    def _districts(self) -> dict[CameraKey, str]:
        """Returns the district of every camera, empty for one that has none."""
        with self._store.transaction() as session:
            return {each.key: each.district for each in profiles(session, self._positions)}


def _scope(receiver: EventReceiver, districts: Mapping[CameraKey, str]) -> Scope:
    """Returns the cameras of a receiver: that of nobody's account, but of its section alone."""
    if receiver.whole_centre:
        return EVERYWHERE
    return Scope(cameras=frozenset(key for key, district in districts.items() if district in receiver.districts))


def _parts(scope: Scope) -> list[Scope]:
    """Cuts a scope into parts that one query can name."""
    if scope.everywhere:
        return [scope]
    cameras = sorted(scope.cameras)
    return [
        Scope(cameras=frozenset(cameras[start : start + CAMERAS_A_QUERY]))
        for start in range(0, len(cameras), CAMERAS_A_QUERY)
    ]
