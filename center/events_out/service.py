"""Wires the events that leave one centre and runs their loops: reading each source, sending, writing the audit."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from importlib.util import find_spec
from typing import Final

from pydantic import BaseModel, ConfigDict

from center import background
from center.alarms.writer import AlarmWriter
from center.assessment.months import Months
from center.assessment.profiles import Positions
from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import StartError
from center.events_out.composing import EventComposer
from center.events_out.mqtt_publisher import MqttPublisher
from center.events_out.outbox import EventBacklog, EventDrop, EventOutbox, OutboxLane
from center.events_out.publisher import Publisher
from center.events_out.reader import EventReader
from center.events_out.sender import EventSender
from center.fleet.devices import Devices
from center.pipeline import causes
from center.pipeline.probes import Probe, ProbeFault, ProbeValue
from center.pipeline.stages import Stage
from center.search.client import Search
from provisioning.contracts.config.events_out import EventKind, EventReceiver, EventsOut, KafkaReceiver, MqttReceiver
from provisioning.contracts.config.processes import read_secret

OBSERVATIONS_S: Final = 2.0
ALARMS_S: Final = 1.0
STATES_S: Final = 2.0
PEOPLE_S: Final = 60.0
ASSESSMENT_S: Final = 600.0
EXPIRE_S: Final = 60.0
LEAVE_S: Final = 5.0
"""Seconds that all receivers together have to disconnect at the end."""
_LOST: Final = frozenset(EventDrop) - {EventDrop.REMOVED}


class EventReceiverReport(BaseModel):
    """State of one receiver and of what waits for it; counts are since the start of the centre."""

    model_config = ConfigDict(frozen=True)

    receiver: str
    waiting: int
    """Observations and counts that wait."""
    waiting_kept: int
    """Alarms, camera states and months."""
    oldest_ms: int | None
    """Time at which the oldest event that waits was queued; null: nothing waits."""
    sent: dict[EventKind, int]
    dropped: dict[EventDrop, int]
    acknowledged_at_ms: int | None
    """Time of the last acknowledgement; null: none yet."""
    fault: str
    """Cause for which nothing is sent; empty: there is none."""


class EventsOutService:
    """Serves the events of one centre; without a receiver it does nothing."""

    def __init__(
        self,
        settings: EventsOut,
        *,
        store: Store,
        audit: Audit,
        search: Search,
        alarms: AlarmWriter,
        devices: Devices,
        months: Months,
        positions: Positions,
        counts: Callable[[str], bool],
        now_ms: NowMs,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`counts`: True for an agent whose rows count.

        Raises:
            ConfigError: a password's file cannot be used.
            StartError: a file of TLS cannot be used, or the extra `kafka` is not installed.
        """
        receivers = settings.receivers
        self.outbox = EventOutbox(store, audit, receivers, now_ms)
        self.reader = EventReader(
            receivers,
            self.outbox,
            EventComposer(settings.source),
            store=store,
            search=search,
            alarms=alarms,
            devices=devices,
            months=months,
            positions=positions,
            counts=counts,
            now_ms=now_ms,
        )
        self.senders = tuple(
            EventSender(
                each,
                publisher_of(each),
                self.outbox,
                reopened=self.reader.compare_states,
                now_ms=now_ms,
                monotonic_s=monotonic_s,
            )
            for each in receivers
        )
        self._lost: dict[str, int] = {}
        self._fixed = tuple(
            Periodic(f"events: {name}", every_s, work)
            for name, every_s, kind, work in self._sources()
            if receivers and (kind is None or self.reader.wanted(kind))
        )

    def _sources(self) -> Iterator[tuple[str, float, EventKind | None, Callable[[], Awaitable[None]]]]:
        reader = self.reader
        yield "observations", OBSERVATIONS_S, EventKind.OBSERVATION, reader.read_observations
        yield "alarms", ALARMS_S, EventKind.ALARM, partial(asyncio.to_thread, reader.read_alarms)
        yield "camera states", STATES_S, EventKind.CAMERA_STATE, partial(asyncio.to_thread, reader.read_states)
        yield "people", PEOPLE_S, EventKind.PEOPLE, reader.read_people
        yield "assessment", ASSESSMENT_S, EventKind.ASSESSMENT, partial(asyncio.to_thread, reader.read_assessment)
        yield "expiry and audit", EXPIRE_S, None, partial(asyncio.to_thread, self.outbox.expire)

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """Loops that run while `at_work` lasts; none without a receiver."""
        return (*self._fixed, *(each.loop for each in self.senders))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Reads and sends while `with` lasts; then disconnects.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        await asyncio.to_thread(self.outbox.recover)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._leave)
            await stack.enter_async_context(background.running(self.loops))
            yield

    async def _leave(self) -> None:
        with suppress(TimeoutError):  # a broker that does not answer learns it by the missing keepalives
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(each.close() for each in self.senders))

    def probes(self) -> Iterator[Probe]:
        """Yields a probe of each receiver, for the pipeline: its state as the last turn left it, without a request."""
        for sender in self.senders:
            yield Probe(Stage.EVENTS, sender.settings.id, partial(self._probe, sender))

    def reports(self) -> tuple[EventReceiverReport, ...]:
        """Reports the state of each receiver. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        backlog = self.outbox.backlog() if self.senders else {}
        return tuple(self._report(sender, backlog) for sender in self.senders)

    def _report(self, sender: EventSender, backlog: dict[tuple[str, OutboxLane], EventBacklog]) -> EventReceiverReport:
        receiver, trouble = sender.settings.id, sender.loop.death or sender.loop.trouble
        lanes = {lane: each for (name, lane), each in backlog.items() if name == receiver}
        waiting = {lane: lanes[lane].events if lane in lanes else 0 for lane in OutboxLane}
        return EventReceiverReport(
            receiver=receiver,
            waiting=waiting[OutboxLane.BULK],
            waiting_kept=waiting[OutboxLane.KEPT],
            oldest_ms=min((each.oldest_ms for each in lanes.values()), default=None),
            sent=dict(self.outbox.sent[receiver]),
            dropped=dict(+self.outbox.dropped[receiver]),
            acknowledged_at_ms=sender.acknowledged_at_ms,
            fault="" if trouble is None else str(trouble.facts.get("cause", trouble.text())),
        )

    async def _probe(self, sender: EventSender) -> ProbeValue:
        trouble = sender.loop.death or sender.loop.trouble
        if trouble is not None:
            raise ProbeFault(causes.EVENTS_AWAY, str(trouble.facts.get("cause", trouble.text())))
        dropped = self.outbox.dropped[sender.settings.id]
        lost = sum(dropped[name] for name in _LOST)
        before, self._lost[sender.settings.id] = self._lost.get(sender.settings.id, 0), lost
        if lost > before:
            names = ", ".join(f"{name} {dropped[name]}" for name in sorted(_LOST) if dropped[name])
            raise ProbeFault(causes.EVENTS_LOST, names)
        return None


def publisher_of(settings: MqttReceiver | KafkaReceiver) -> Publisher:
    """Makes the connection to a receiver, not yet opened.

    Raises:
        ConfigError: the password's file cannot be used.
        StartError: a file of TLS cannot be used, or the extra `kafka` is not installed.
    """
    password = None if settings.password_file is None else read_secret(settings.password_file)
    tls = _tls(settings)
    if isinstance(settings, MqttReceiver):
        return MqttPublisher(settings, password=password, tls=tls)
    if find_spec("confluent_kafka") is None:
        raise StartError(
            what=f"[[events_out.kafka]] {settings.id}: the package confluent-kafka is not installed",
            what_to_do="Install the centre with the extra kafka: wayside[center,kafka]",
        )
    from center.events_out.kafka_publisher import KafkaPublisher  # noqa: PLC0415 - of an extra

    return KafkaPublisher(settings, password=password)


def _tls(settings: EventReceiver) -> ssl.SSLContext | None:
    """Reads the files of TLS, which librdkafka reads by itself later on; None without TLS."""
    if settings.plain_text:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        files = ", ".join(str(each) for each in (settings.ca_file, settings.cert_file, settings.key_file) if each)
        raise StartError(
            what=f"[events_out] {settings.id}: {files} cannot be used ({error.strerror or error})",
            what_to_do="Give ca_file, cert_file and key_file certificates and key in PEM",
        ) from error
    return context
