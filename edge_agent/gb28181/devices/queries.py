"""Queries devices for their catalog, recordings, information and status. Answers come as messages of their own.

An answer may come before the 200 to its query, under another SN, in many messages, or never.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import Final

from edge_agent.gb28181.devices.events import CatalogMissed, CatalogTaken, Event, RecordsTaken, StatusTaken
from edge_agent.gb28181.manscdp import catalog, query_bodies
from edge_agent.gb28181.manscdp.catalog import CatalogAssembly
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.channels import channels
from edge_agent.gb28181.manscdp.message_types import CatalogPart, DeviceStatus, RecordPart
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.manscdp.records import RecordAssembly, Records
from provisioning.sip.edition import Version
from provisioning.sip.errors import ProtocolError
from provisioning.sip.moment import Calendar, Now
from provisioning.sip.timers import Agenda

STALE_MS: Final = 3_600_000
"""Age at which a catalog, and with it the clock, is queried again when the device registers."""
MAX_WAITING: Final = 16
"""Queries for recordings that may wait behind the open one, for each device."""
_TOLD_MS: Final = 500
"""A device states its time in whole seconds: with half a second added it is off by half a second, either way."""


class MessageSubject(Enum):
    """Subject of a MESSAGE to a device."""

    CATALOG = auto()
    RECORDS = auto()
    INFO = auto()
    STATUS = auto()
    PROBE = auto()
    """A status query that only tests whether the device is alive."""
    SNAPSHOT = auto()
    """A command to take a picture and upload it."""
    COMMAND = auto()
    """A command whose result nothing waits for."""


@dataclass(frozen=True, slots=True)
class MessageContext:
    """Links an answer to the MESSAGE of ours that it belongs to."""

    device_id: str
    what: MessageSubject
    number: int = 0
    """SN of the query."""


class TooManyQueriesError(ProtocolError):
    """A device has `MAX_WAITING` queries for recordings waiting already."""


@dataclass(frozen=True, slots=True)
class _RecordQuery:
    number: int
    channel_id: str
    started_at_ms: int
    ended_at_ms: int
    version: Version


@dataclass(slots=True)
class _Lookup:
    """The open query for a device's recordings."""

    query: _RecordQuery
    assembly: RecordAssembly


class DeviceQueries:
    """Sends one platform's queries and assembles their answers. `send` returns False without a route to the device."""

    def __init__(
        self,
        platform_id: str,
        calendar: Calendar,
        send: Callable[[bytes, MessageContext, Now], bool],
        emit: Callable[[Event], None],
    ) -> None:
        self._platform_id = platform_id
        self._calendar = calendar
        self._send = send
        self._emit = emit
        self._numbers = count(1)
        self._queries = count(1)
        self._known: dict[str, dict[str, CatalogItem]] = {}
        self._known_at_ms: dict[str, int] = {}
        self._catalogs: dict[str, CatalogAssembly] = {}
        self._asked_at_ms: dict[str, int] = {}
        self._lookups: dict[str, _Lookup] = {}
        self._waiting: dict[str, deque[_RecordQuery]] = {}
        self._status_asked: dict[str, Now] = {}
        self._agenda: Agenda[tuple[str, MessageSubject]] = Agenda()

    def number(self) -> int:
        """Returns the next SN."""
        return next(self._numbers)

    def restore(self, device_id: str, items: Iterable[CatalogItem], at_ms: int) -> None:
        """Takes over a device's catalog from before a restart."""
        self._known[device_id] = {item.item_id: item for item in items}
        self._known_at_ms[device_id] = at_ms

    def is_stale(self, device_id: str, now: Now) -> bool:
        """True if the device's catalog has to be queried: never taken, or older than `STALE_MS`."""
        age_ms = now.wall_ms - self._known_at_ms.get(device_id, -STALE_MS)
        return not 0 <= age_ms < STALE_MS

    # --- to ask

    def ask_catalog(self, device_id: str, version: Version, now: Now) -> None:
        """Queries the catalog, unless a query is under way. `CatalogTaken` or `CatalogMissed` follows."""
        if device_id in self._catalogs:
            return
        sn = self.number()
        if self._send(
            query_bodies.catalog(version, sn, device_id), MessageContext(device_id, MessageSubject.CATALOG, sn), now
        ):
            known = len(self._known.get(device_id, ()))
            self._catalogs[device_id] = CatalogAssembly(sn, now.monotonic_s, known_items=known)
            self._asked_at_ms[device_id] = now.wall_ms
            self._plan(device_id, MessageSubject.CATALOG, self._catalogs[device_id].get_timer())

    def ask_info(self, device_id: str, version: Version, now: Now) -> None:
        """Queries maker, model and firmware. `InfoTaken` may follow."""
        sn = self.number()
        self._send(
            query_bodies.device_info(version, sn, device_id), MessageContext(device_id, MessageSubject.INFO, sn), now
        )

    def ask_status(
        self, device_id: str, version: Version, now: Now, what: MessageSubject = MessageSubject.STATUS
    ) -> bool:
        """Queries status and clock. `StatusTaken` may follow. Returns False without a route to the device."""
        sn = self.number()
        self._status_asked[device_id] = now
        return self._send(query_bodies.device_status(version, sn, device_id), MessageContext(device_id, what, sn), now)

    def ask_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], version: Version, now: Now) -> int:
        """Queries a channel's recordings. `RecordsTaken` with the returned number follows in every case.

        One query a device at a time: recorders mix up the answers of two.

        Raises:
            TooManyQueriesError: `MAX_WAITING` queries of the device wait already.
        """
        waiting = self._waiting.setdefault(device_id, deque())
        if len(waiting) >= MAX_WAITING:
            raise TooManyQueriesError(f"device {device_id}: {MAX_WAITING} queries for its recordings wait already")
        query = _RecordQuery(next(self._queries), channel_id, *span_ms, version)
        waiting.append(query)
        self._next_lookup(device_id, now)
        return query.number

    # --- what comes

    def take_catalog(self, device_id: str, sn: int | None, part: CatalogPart, now: Now) -> None:
        """Takes one message of a catalog; one that answers no open query is a change of single channels."""
        assembly = self._catalogs.get(device_id)
        if assembly is None or not assembly.receive(sn, part, now.monotonic_s):
            self.take_news(device_id, part.items)
            return
        self._check_catalog(device_id, assembly)

    def take_news(self, device_id: str, items: Iterable[CatalogItem]) -> None:
        """Applies channels that were added, removed or changed."""
        before = self._known.get(device_id, {})
        known = catalog.changed(before, items)
        if known != before:
            self._known[device_id] = known
            self._emit_catalog(device_id)

    def take_records(self, device_id: str, sn: int | None, part: RecordPart, now: Now) -> None:
        """Takes one message of a list of recordings."""
        lookup = self._lookups.get(device_id)
        if lookup is not None and lookup.assembly.receive(sn, part, now.monotonic_s):
            self._check_records(device_id, lookup, now)

    def take_status(self, device_id: str, status: DeviceStatus, now: Now) -> None:
        """Takes a device's status, and measures its clock's skew."""
        asked = self._status_asked.pop(device_id, None)
        its_ms = self._calendar.at_ms(status.device_time) if status.device_time else None
        skew_ms = bound_ms = None
        if asked is not None and its_ms is not None:
            trip_ms = round((now.monotonic_s - asked.monotonic_s) * 1000)
            skew_ms = its_ms + _TOLD_MS - (now.wall_ms - trip_ms // 2)
            bound_ms = trip_ms // 2 + _TOLD_MS
        self._emit(StatusTaken(device_id, status, skew_ms, bound_ms))

    def refused(self, device_id: str, cmd_type: str, now: Now) -> None:
        """Ends the open query of this CmdType: the device refused it, in the body or in SIP."""
        assembly, lookup = self._catalogs.get(device_id), self._lookups.get(device_id)
        if cmd_type.lower() == "catalog" and assembly is not None:
            assembly.refuse()
            self._check_catalog(device_id, assembly)
        if cmd_type.lower() == "recordinfo" and lookup is not None:
            lookup.assembly.refuse()
            self._check_records(device_id, lookup, now)

    def gone(self, device_id: str) -> None:
        """Drops the open queries of a device that went offline; one for recordings ends as `AnswerOutcome.SILENT`."""
        self._catalogs.pop(device_id, None)
        self._status_asked.pop(device_id, None)
        lookup = self._lookups.pop(device_id, None)
        queries = [] if lookup is None else [lookup.query]
        for query in (*queries, *self._waiting.pop(device_id, ())):
            nothing = Records((), None, 0, AnswerOutcome.SILENT)
            self._emit(RecordsTaken(query.number, device_id, query.channel_id, nothing))
        for what in (MessageSubject.CATALOG, MessageSubject.RECORDS):
            self._agenda.cancel((device_id, what))

    # --- time

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due, at the latest."""
        return self._agenda.get_timer()

    def handle_timer(self, now: Now) -> None:
        """Ends the queries whose time is up."""
        for device_id, what in self._agenda.take_due(now.monotonic_s):
            if what is MessageSubject.CATALOG:
                self._catalogs[device_id].handle_timer(now.monotonic_s)
                self._check_catalog(device_id, self._catalogs[device_id])
            else:
                self._lookups[device_id].assembly.handle_timer(now.monotonic_s)
                self._check_records(device_id, self._lookups[device_id], now)

    # --- inside

    def _check_catalog(self, device_id: str, assembly: CatalogAssembly) -> None:
        taken = assembly.catalog
        self._plan(device_id, MessageSubject.CATALOG, assembly.get_timer())
        if taken is None:
            return
        del self._catalogs[device_id]
        if not taken.is_list:
            self._emit(CatalogMissed(device_id, taken.outcome))
            return
        self._known[device_id] = taken.over(self._known.get(device_id, {}))
        self._known_at_ms[device_id] = self._asked_at_ms[device_id]
        self._emit_catalog(device_id, taken)

    def _emit_catalog(self, device_id: str, taken: catalog.Catalog | None = None) -> None:
        items = tuple(self._known[device_id].values())
        self._emit(
            CatalogTaken(
                device_id,
                items,
                channels(device_id, items, self._platform_id),
                None if taken is None else taken.announced,
                None if taken is None else taken.outcome,
                self._known_at_ms.get(device_id, 0),
            )
        )

    def _next_lookup(self, device_id: str, now: Now) -> None:
        if device_id in self._lookups or not self._waiting[device_id]:
            return
        query = self._waiting[device_id].popleft()
        sn = self.number()
        began, ended = self._calendar.text(query.started_at_ms), self._calendar.text(query.ended_at_ms)
        body = query_bodies.record_info(query.version, sn, query.channel_id, began, ended)
        assembly = RecordAssembly(sn, query.channel_id, self._calendar, now.monotonic_s)
        self._lookups[device_id] = _Lookup(query, assembly)
        if self._send(body, MessageContext(device_id, MessageSubject.RECORDS, sn), now):
            self._plan(device_id, MessageSubject.RECORDS, assembly.get_timer())
        else:
            self.gone(device_id)

    def _check_records(self, device_id: str, lookup: _Lookup, now: Now) -> None:
        records = lookup.assembly.records
        self._plan(device_id, MessageSubject.RECORDS, lookup.assembly.get_timer())
        if records is not None:
            del self._lookups[device_id]
            self._emit(RecordsTaken(lookup.query.number, device_id, lookup.query.channel_id, records))
            self._next_lookup(device_id, now)

    def _plan(self, device_id: str, what: MessageSubject, at_s: float | None) -> None:
        if at_s is None:
            self._agenda.cancel((device_id, what))
        else:
            self._agenda.plan((device_id, what), at_s)
