"""Collects the centre's metrics: hops of alarms, what waits, loops, stages of the chain, pages, broker, database.

Labels are words of the contract, names of loops and ids of channels: no camera, account, address or secret.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import func, select

from center.alarms.service import AlarmService
from center.alarms.tables import NoticeRecord
from center.audit_syslog.service import SyslogSender
from center.background import Periodic
from center.cascade.figures import cascade_families
from center.cascade.service import Cascade
from center.clock import NowMs
from center.database.store import LoginSession, Store
from center.errors import StartError, StoreUnavailableError
from center.events_out.figures import event_families
from center.events_out.service import EventsOutService
from center.fleet.feed import Feed
from center.fleet.mqtt import Link, Mailbox
from center.notify.service import Notifier
from center.orders.service import OrderService
from center.pipeline.metrics import chain_families
from center.pipeline.service import Pipeline
from center.viid_cascade.service import ViidCascade
from provisioning.net.metrics import labelled, serving

_PREFIX: Final = "wayside_center_"


@dataclass(frozen=True, slots=True)
class MetricsInputs:
    """Sources of the metrics; read at every scrape, from a thread of the server."""

    store: Store
    link: Link
    mailbox: Mailbox
    feed: Feed
    alarms: AlarmService
    notifier: Notifier
    pipeline: Pipeline
    viid_cascade: ViidCascade
    cascade: Cascade
    syslog: SyslogSender | None
    events_out: EventsOutService
    orders: OrderService
    loops: Callable[[], Iterable[Periodic]]
    open_pages: Callable[[], int]
    now_ms: NowMs


@contextmanager
def open_metrics(port: int | None, inputs: MetricsInputs) -> Iterator[None]:
    """Serves the metrics on loopback while `with` lasts; without a port, nowhere.

    Raises:
        StartError: the port cannot be had.
    """
    with ExitStack() as stack:
        if port is not None:
            try:
                stack.enter_context(serving(lambda: families(inputs), port))
            except OSError as error:
                raise StartError(
                    what=f"metrics_port {port} cannot be used ({error.strerror})",
                    what_to_do=f"Stop what listens there (ss -ltnp 'sport = :{port}'), or set another metrics_port",
                ) from error
        yield


def families(inputs: MetricsInputs) -> Iterator[Metric]:
    """Yields all metrics as of now. While the database is away, what is read from it has no sample."""
    yield from inputs.alarms.hops.collect()
    yield from _alarms(inputs.alarms)
    yield from _loops(tuple(inputs.loops()))
    yield from chain_families(inputs.pipeline, _PREFIX)
    yield from _viid_cascade(inputs.viid_cascade)
    yield from cascade_families(inputs.cascade, _PREFIX)
    yield _counter("messages", "Messages from the broker", inputs.mailbox.counters.received)
    malformed = sum(inputs.mailbox.counters.malformed.copy().values())
    yield _counter("malformed_messages", "Messages that broke the contract", malformed)
    yield _gauge("broker_connected", "1 while the broker is connected", float(inputs.link.fault() is None))
    yield _gauge("open_pages", "Pages of the console that a browser has open", inputs.open_pages())
    streams = (("live", inputs.feed), ("alarms", inputs.alarms.pushes))
    readers = {name: float(fan.readers) for name, fan in streams}
    dropped = {name: float(fan.dropped_oldest) for name, fan in streams}
    yield labelled(_gauges("stream_readers", "Pages and programs that a stream feeds", "stream"), readers)
    yield labelled(_counters("stream_dropped", "Items that found a reader's ring full", "stream"), dropped)
    yield _gauge("database_connections_in_use", "Connections that transactions hold", inputs.store.connections_in_use)
    try:
        stored = tuple(_stored(inputs))
    except StoreUnavailableError:
        stored = ()
    yield _gauge("database_up", "1 while the database answers", float(bool(stored)))
    yield from stored


def _alarms(alarms: AlarmService) -> Iterator[Metric]:
    figures = alarms.figures()
    yield _counter("alarm_rows", "Archived rows that the alarm rules were tried on", figures.rows)
    yield _counter("alarm_reconciled_rows", "Of these, rows that no hint announced", figures.reconciled)
    outcomes = {outcome.value: float(count) for outcome, count in figures.outcomes.items()}
    yield labelled(_counters("alarm_matches", "Matches of rules, by what became of them", "outcome"), outcomes)


def _viid_cascade(cascade: ViidCascade) -> Iterator[Metric]:
    figures = cascade.figures()
    registered = {superior: float(each.is_registered) for superior, each in figures.items()}
    yield labelled(_gauges("viid_registered", "1 while the centre is registered", "superior"), registered)
    sent = CounterMetricFamily(
        f"{_PREFIX}viid_sent", "Objects that a superior took by GA/T 1400, by kind", labels=["superior", "kind"]
    )
    dropped = CounterMetricFamily(
        f"{_PREFIX}viid_dropped", "Observations that were to go up and did not, by name", labels=["superior", "name"]
    )
    for superior, each in figures.items():
        for kind, count in sorted(each.sent.items()):
            sent.add_metric([superior, kind], count)
        for name, count in sorted(each.dropped.items()):
            dropped.add_metric([superior, name], count)
    yield sent
    yield dropped


def _loops(loops: tuple[Periodic, ...]) -> Iterator[Metric]:
    failing = {loop.name: float(loop.death is not None or loop.trouble is not None) for loop in loops}
    died = {loop.name: float(loop.report().died) for loop in loops}
    done = {loop.name: loop.succeeded_at_ms / 1000 for loop in loops if loop.succeeded_at_ms is not None}
    yield labelled(_gauges("loop_failing", "1 where the last turn of a background loop failed", "loop"), failing)
    yield labelled(_counters("loop_deaths", "Turns that a bug ended", "loop"), died)
    yield labelled(_gauges("loop_last_success_timestamp_seconds", "When a turn last ended well", "loop"), done)


def _stored(inputs: MetricsInputs) -> Iterator[Metric]:
    """Yields the metrics that are read from the database.

    Raises:
        StoreUnavailableError: it does not answer.
    """
    now_ms, size, waiting = inputs.now_ms(), inputs.store.size(), inputs.notifier.waiting()
    with inputs.store.transaction() as session:
        logins = session.scalar(select(func.count()).where(LoginSession.expires_at_ms > now_ms))
        notices = session.scalar(select(func.count()).where(NoticeRecord.handed_at_ms.is_(None)))
    yield _gauge("database_bytes", "Size of the database", size.total_bytes)
    yield _gauge("database_wal_bytes", "Size of SQLite's write-ahead log", size.wal_bytes)
    yield _gauge("sessions", "Browsers that are logged in", logins)
    yield _gauge("notices_waiting", "Notices of alarms that no channel has taken over", notices)
    unread = _gauge("syslog_waiting", "Entries of the audit that the syslog server has not read", None)
    oldest = _gauge("syslog_oldest_seconds", "Age of the oldest of them", None)
    if inputs.syslog is not None:
        standing = inputs.syslog.standing()
        late_ms = 0 if standing.oldest_ms is None else max(0, now_ms - standing.oldest_ms)
        unread.add_metric([], standing.waiting)
        oldest.add_metric([], late_ms / 1000)
    yield from (unread, oldest)
    backlog = inputs.viid_cascade.backlog()
    waiting_up = {name: float(each.observations) for name, each in backlog.items()}
    oldest_up = {name: max(0, now_ms - each.oldest_ms) / 1000 for name, each in backlog.items()}
    yield labelled(_gauges("viid_waiting", "Observations that wait for a superior", "superior"), waiting_up)
    yield labelled(_gauges("viid_oldest_seconds", "Age of the oldest of them", "superior"), oldest_up)
    states, overdue, untold = inputs.orders.live()
    by_state = {state.value: float(count) for state, count in states.items()}
    yield labelled(_gauges("maintenance_orders", "Maintenance orders that have not ended", "state"), by_state)
    yield _gauge("maintenance_orders_overdue", "Of these, those with a clock that is past its end", overdue)
    yield _gauge("maintenance_notices_waiting", "Notices of orders that no channel has taken over", untold)
    yield from event_families(inputs.events_out.reports(), _PREFIX, now_ms)
    counts, ages = dict.fromkeys(inputs.notifier.channels, 0.0), {}
    for channel, each in waiting.items():
        counts[channel], ages[channel] = each.messages, max(0, now_ms - each.oldest_ms) / 1000
    yield labelled(_gauges("outbox_messages", "Messages that are not settled", "channel"), counts)
    yield labelled(_gauges("outbox_oldest_seconds", "Age of the oldest of them", "channel"), ages)


def _gauge(name: str, says: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, says, value)


def _gauges(name: str, says: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, says, labels=[label])


def _counter(name: str, says: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(_PREFIX + name, says, value)


def _counters(name: str, says: str, label: str) -> CounterMetricFamily:
    return CounterMetricFamily(_PREFIX + name, says, labels=[label])
