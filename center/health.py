"""Checks what the centre depends on: one word for anybody, causes for users who are logged in."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from center.assessment.recording.recorder import Recorder
from center.audit.retention import AuditKeeper
from center.audit_syslog.service import SyslogSender
from center.background import LoopReport, Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, marked
from center.events_out.service import EventReceiverReport, EventsOutService
from center.fleet.devices import Devices
from center.fleet.feed import Feed
from center.fleet.mqtt import Link, Mailbox
from center.fleet.roster import Roster
from center.notify.limits import QuotaState
from center.notify.service import Notifier
from center.notify.sms_months.complaint_rule import MOST
from center.notify.views import ChannelStanding, QuotaView
from center.pipeline import causes
from center.retention import Retention
from center.search.client import Search

FRESH_MS = 2000
"""Milliseconds before a check is repeated: the open health route must not be a lever on `query` or the database."""


DEPENDENCIES: Final = ("query", "broker", "store", "notify", "retention", "syslog", "background")


class Condition(StrEnum):
    """Condition of the centre, or of one dependency."""

    OK = "ok"
    DEGRADED = "degraded"


class BrokerAwayError(CenterError):
    """Never raised: holds the texts for a broker that is away."""

    code = "broker_away"
    message = marked("The broker is unreachable: {cause}.")
    remedy = marked("Start the broker, or correct [broker]. The centre keeps retrying.")


class ChannelStandsError(CenterError):
    """Never raised: holds the texts for a notification channel that sends nothing. So do the next three."""

    code = causes.CHANNEL_STANDS.code
    message = causes.CHANNEL_STANDS.message
    remedy = causes.CHANNEL_STANDS.remedy


class ChannelSuspendedError(CenterError):
    """Complaints suspend a channel."""

    code = causes.CHANNEL_SUSPENDED.code
    message = causes.CHANNEL_SUSPENDED.message
    remedy = causes.CHANNEL_SUSPENDED.remedy


class QuotaSpentError(CenterError):
    """All of a month's message parts are used."""

    code = causes.QUOTA_SPENT.code
    message = causes.QUOTA_SPENT.message
    remedy = causes.QUOTA_SPENT.remedy


class QuotaLowError(CenterError):
    """The share of a month's message parts that warns is used; messages are still sent."""

    code = causes.QUOTA_WARNED.code
    message = causes.QUOTA_WARNED.message
    remedy = causes.QUOTA_WARNED.remedy


class Dependency(BaseModel):
    """The state of one dependency: what is wrong and what to do."""

    model_config = ConfigDict(frozen=True)

    name: str
    condition: Condition
    code: str
    cause: str
    remedy: str


class MalformedCount(BaseModel):
    """Count of messages of one agent that broke the contract; `?` where the topic names none."""

    model_config = ConfigDict(frozen=True)

    agent_id: str
    count: int
    last: str


class RevokedCount(BaseModel):
    """Count of messages of one revoked agent, none of which was taken."""

    model_config = ConfigDict(frozen=True)

    agent_id: str
    count: int


class SetAsideCount(BaseModel):
    """Count of a camera's facts for the assessment that could not be written; `?` beyond the first hundred cameras."""

    model_config = ConfigDict(frozen=True)

    agent_id: str
    camera_id: str
    count: int
    last: str


class RosterReport(BaseModel):
    """The roster by which agents count as revoked. Without a key no roster is trusted: a setting and no fault."""

    model_config = ConfigDict(frozen=True)

    summary: str
    number: int | None
    issued_at_ms: int | None
    ignored: int
    """Rosters that came while no key was set to check them."""
    refused: int
    """Rosters that were forged, old or malformed; the one in force stayed."""
    last_refused: str
    unreadable: str
    """The reason that the database's roster could not be used at the start."""


class SyslogReport(BaseModel):
    """The state of the audit's way to its syslog server. Numbers are of audit entries."""

    model_config = ConfigDict(frozen=True)

    server: str
    sent_to: int
    waiting: int
    oldest_ms: int | None
    """Time of the oldest entry that waits; null: none does."""
    cause: str
    """Cause of the last failure; empty after a delivery."""


class HealthReport(BaseModel):
    """The report with all causes. `checked_at_ms` is the time at which the dependencies were checked."""

    model_config = ConfigDict(frozen=True)

    status: Condition
    dependencies: tuple[Dependency, ...]
    messages_received: int
    malformed: tuple[MalformedCount, ...]
    revoked: tuple[RevokedCount, ...]
    roster: RosterReport
    device_states_not_stored: int
    device_records_unreadable: int
    pages_open: int
    observed_received: int
    observed_dropped_oldest: int
    audit_heads_signed: bool
    """False: `audit_key_file` is not set, and a writer of the database can forge the whole audit."""
    audit_fault: str
    """The reason that days are not closed now; empty: they are."""
    audit_syslog: SyslogReport | None
    """As of the last check; null: no server is set, or the database does not answer."""
    loops: tuple[LoopReport, ...]
    """The state of each background loop."""
    facts_set_aside: tuple[SetAsideCount, ...]
    events_out: tuple[EventReceiverReport, ...]
    """Receivers of events, and what waits for each; as of the check."""
    checked_at_ms: int


class Health:
    """Checks every dependency of the centre."""

    def __init__(
        self,
        *,
        store: Store,
        search: Search,
        link: Link,
        mailbox: Mailbox,
        roster: Roster,
        devices: Devices,
        feed: Feed,
        audit_keeper: AuditKeeper,
        syslog: SyslogSender | None,
        notifier: Notifier,
        recorder: Recorder,
        loops: Callable[[], Iterable[Periodic]],
        events_out: EventsOutService,
        retention: Retention,
        now_ms: NowMs,
    ) -> None:
        self._store = store
        self._search = search
        self._link = link
        self._mailbox = mailbox
        self._roster = roster
        self._devices = devices
        self._feed = feed
        self._audit_keeper = audit_keeper
        self._syslog = syslog
        self._syslog_report: SyslogReport | None = None
        self._notifier = notifier
        self._recorder = recorder
        self._loops = loops
        self._events_out = events_out
        self._events: tuple[EventReceiverReport, ...] = ()
        self._retention = retention
        self._now_ms = now_ms
        self._lock = asyncio.Lock()
        self._checked_at_ms: int | None = None
        self._faults: dict[str, CenterError] = {}

    @property
    def faults(self) -> dict[str, CenterError]:
        """Errors by dependency, from the last check: for pages, which write them in their own language."""
        return self._faults

    async def report(self) -> HealthReport:
        """Reports dependencies as of at most `FRESH_MS` ago, counters as of now."""
        async with self._lock:
            now_ms = self._now_ms()
            if (
                self._checked_at_ms is None or abs(now_ms - self._checked_at_ms) >= FRESH_MS
            ):  # also where it was set back
                self._faults = await self._check()
                self._checked_at_ms = now_ms
            return self._report(self._faults, self._checked_at_ms)

    async def parts_away(self) -> dict[str, str]:
        """Causes by name, of each dependency that does not work; as fresh as `report`.

        A quota that runs low, or overflows where it may, is in the report only: messages are still sent.
        """
        await self.report()
        away = {name: fault for name, fault in self._faults.items() if not isinstance(fault, QuotaLowError)}
        return {name: fault.text() for name, fault in away.items()}

    async def _check(self) -> dict[str, CenterError]:
        faults: dict[str, CenterError] = {}
        self._syslog_report = None
        try:
            await self._search.ping()
        except CenterError as error:
            faults["query"] = error
        try:
            await asyncio.to_thread(self._store.ping)
            if (trouble := fault_of_channels(await asyncio.to_thread(self._notifier.standings))) is not None:
                faults["notify"] = trouble
            self._events = await asyncio.to_thread(self._events_out.reports)
            if (stopped := await asyncio.to_thread(self._retention.fault)) is not None:
                faults["retention"] = stopped
            if self._syslog is not None:
                standing = await asyncio.to_thread(self._syslog.standing)
                self._syslog_report = SyslogReport(**asdict(standing))
                if (behind := self._syslog.behind(standing)) is not None:
                    faults["syslog"] = behind
        except CenterError as error:
            faults["store"] = error
        if (cause := self._link.fault()) is not None:
            faults["broker"] = BrokerAwayError(cause=cause)
        if dead := [loop.death for loop in self._loops() if loop.death is not None]:
            faults["background"] = dead[0]
        return faults

    def _report(self, faults: dict[str, CenterError], checked_at_ms: int) -> HealthReport:
        counters = self._mailbox.counters
        return HealthReport(
            status=Condition.DEGRADED if faults else Condition.OK,
            dependencies=tuple(_dependency(name, faults.get(name)) for name in DEPENDENCIES),
            messages_received=counters.received,
            malformed=tuple(
                MalformedCount(agent_id=agent_id, count=count, last=counters.last_malformed.get(agent_id, ""))
                for agent_id, count in sorted(dict(counters.malformed).items())
            ),
            revoked=tuple(
                RevokedCount(agent_id=agent_id, count=count)
                for agent_id, count in sorted(dict(counters.revoked).items())
            ),
            roster=self._roster_report(),
            device_states_not_stored=counters.not_stored,
            device_records_unreadable=self._devices.unreadable_records,
            pages_open=self._feed.readers,
            observed_received=self._feed.received,
            observed_dropped_oldest=self._feed.dropped_oldest,
            audit_heads_signed=self._audit_keeper.signs,
            audit_fault="" if self._audit_keeper.fault is None else self._audit_keeper.fault.text(),
            audit_syslog=self._syslog_report,
            loops=tuple(loop.report() for loop in self._loops()),
            facts_set_aside=tuple(
                SetAsideCount(agent_id=camera.agent_id, camera_id=camera.camera_id, count=each.count, last=each.cause)
                for camera, each in sorted(dict(self._recorder.set_aside).items())
            ),
            events_out=self._events,
            checked_at_ms=checked_at_ms,
        )

    def _roster_report(self) -> RosterReport:
        counters, in_force = self._mailbox.counters, self._roster.in_force
        return RosterReport(
            summary=_summary(self._roster),
            number=in_force.number if in_force.sealed is not None else None,
            issued_at_ms=in_force.issued_at_ms if in_force.sealed is not None else None,
            ignored=counters.rosters_ignored,
            refused=counters.rosters_refused,
            last_refused=counters.last_roster_refused,
            unreadable=self._roster.unreadable,
        )


def fault_of_channels(standings: Sequence[ChannelStanding]) -> CenterError | None:
    """Returns the worst fault of the notification channels; one that sends nothing comes before a month that ends."""
    for each in standings:
        if each.fault:
            return ChannelStandsError(channel=each.id, cause=each.fault)
        if each.suspended_since_ms is not None:
            return ChannelSuspendedError(channel=each.id, limit=MOST)
    quotas = [(each.id, each.quota) for each in standings if each.quota is not None]
    for channel, quota in quotas:
        if quota.state is QuotaState.SPENT and not quota.overflow:
            return QuotaSpentError(channel=channel, **_facts(quota))
    for channel, quota in quotas:
        if quota.state is not QuotaState.OK:
            return QuotaLowError(channel=channel, **_facts(quota))
    return None


def _facts(quota: QuotaView) -> dict[str, object]:
    return {"used": quota.used, "parts": quota.parts, "month": quota.month}


def _summary(roster: Roster) -> str:
    in_force = roster.in_force
    if not roster.believes:
        return "No roster is believed, so no agent is known to be revoked: seal_key_file is not set."
    if in_force.sealed is None:
        return "No roster has come yet, so no agent is known to be revoked."
    revoked = sum(map(roster.revoked, in_force.members))
    return f"Roster {in_force.number} is in force. Agents: {len(in_force.members)}, revoked: {revoked}."


def _dependency(name: str, fault: CenterError | None) -> Dependency:
    if fault is None:
        return Dependency(name=name, condition=Condition.OK, code="", cause="", remedy="")
    return Dependency(
        name=name, condition=Condition.DEGRADED, code=fault.code, cause=fault.text(), remedy=fault.advice()
    )
