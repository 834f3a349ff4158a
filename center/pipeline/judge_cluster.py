"""Judges the stages of the cluster and the notification: intake, parse, archive, storage, query, notify. Pure."""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any, Final

from center.errors import marked
from center.notify.lifecycle import MessageState
from center.notify.limits import QuotaState, RateState
from center.notify.sms_months.complaint_rule import MOST
from center.notify.views import ChannelView
from center.pipeline import causes, judge_servers
from center.pipeline.causes import NamedCounts, OwnReason, ReportedCause, StageFinding, amber, red, unknown
from center.pipeline.cluster_client import ClusterAnswer, ClusterAnswers, Reach
from center.pipeline.judge_edge import GB, late
from center.pipeline.judge_parties import figures as figures_of_probes
from center.pipeline.sample import SampleSpan, grown
from center.pipeline.stages import Stage
from center.pipeline.verdict import Figures, StageVerdict
from provisioning.contracts.config.pipeline import Pipeline
from provisioning.contracts.query.archive import ProofLoss

PARSING: Final = ("parser", "canary", "embedder")
ARCHIVER: Final = "archiver"
_PROOF_LOST: Final = {ProofLoss.MACHINES: causes.PROOF_LOST, ProofLoss.LEAK: causes.PROOF_LOST_LEAK}
_WHERE: Final = {
    "parser": OwnReason(marked("parser")),
    "canary": OwnReason(marked("canary")),
    "embedder": OwnReason(marked("embedder")),
    ARCHIVER: OwnReason(marked("archiver")),
}
"""Names of deployments at which pictures may be stuck."""
LIVE, BACKLOG = "live", "backlog"
GONE: Final = (MessageState.UNDELIVERED, MessageState.FAILED, MessageState.UNKNOWN, MessageState.EXPIRED)


def intake(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the intake of messages."""
    status = span.now.intake
    figures = Figures(
        rate_per_s=span.rate(span.intake(lambda each: each.received)),
        lag_s=span.hop_s("wait"),
        errors=span.intake(lambda each: sum(each.rejected.values()) + each.retries),
        drops=span.intake(lambda each: sum(each.dropped.values())),
        queued=None if status is None else sum(status.waiting.values()),
    )
    return StageVerdict.of(Stage.INTAKE, figures, _of_intake(span, figures, limits))


def _of_intake(span: SampleSpan, figures: Figures, limits: Pipeline) -> Iterator[StageFinding]:
    answers = span.now.answers
    if (nothing := _nothing(answers, None if answers is None else answers.intake)) is not None:
        yield nothing
        return
    status = span.now.intake
    if status is None:
        yield red(causes.INTAKE_AWAY)
        return
    window_s = round(span.seconds)
    if not status.broker_connected:
        yield red(causes.INTAKE_NO_BROKER)
    elif (waiting := _left_waiting(span)) and span.now.link_fault is None:
        yield red(causes.INTAKE_IDLE, waiting=waiting, window_s=window_s)
    live, backlog = status.waiting.get(LIVE, 0), status.waiting.get(BACKLOG, 0)
    if live + backlog >= limits.intake_backlog.amber:
        is_red = live + backlog >= limits.intake_backlog.red
        yield (red if is_red else amber)(causes.INTAKE_BACKLOG, live=live, backlog=backlog)
    yield from late(causes.INTAKE_SLOW, figures.lag_s, limits.intake_lag)
    if rejected := span.intake_names(lambda each: each.rejected):
        yield amber(causes.INTAKE_REJECTS, count=sum(rejected.values()), window_s=window_s, names=NamedCounts(rejected))
    if dropped := span.intake_names(lambda each: each.dropped):
        yield amber(causes.INTAKE_DROPS, count=sum(dropped.values()), window_s=window_s, names=NamedCounts(dropped))
    if retries := span.intake(lambda each: each.retries):
        yield amber(causes.INTAKE_RETRIES, count=retries, window_s=window_s)


def _left_waiting(span: SampleSpan) -> int:
    """Counts pictures that waited at agents for the whole span while an idle intake received none."""
    status = span.now.intake
    if span.before is None or status is None or status.in_flight or span.intake(lambda each: each.received) != 0:
        return 0
    pairs = [(new, old) for new, old in span.heard().values() if old is not None]
    if any(grown(new.ledger.archived, old.ledger.archived) for new, old in pairs):
        return 0
    return sum(new.spool_messages for new, old in pairs if new.spool_messages and old.spool_messages)


def parse(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the stages that read pictures: parser, canary, embedder."""
    status = span.now.intake
    figures = Figures(
        rate_per_s=span.rate(span.intake(lambda each: each.archived)),
        lag_s=span.hop_s("parse"),
        errors=span.intake(lambda each: each.leaks),
        queued=None if status is None else sum(status.at_work.get(each, 0) for each in PARSING),
    )
    return StageVerdict.of(Stage.PARSE, figures, _of_parse(span, figures, limits))


def _of_parse(span: SampleSpan, figures: Figures, limits: Pipeline) -> Iterator[StageFinding]:
    answers = span.now.answers
    if (nothing := _nothing(answers, None if answers is None else answers.parsers)) is not None:
        yield nothing
        return
    parsers = None if answers is None else answers.parsers.value
    if parsers is None or not parsers.parsers:
        yield red(causes.NO_PARSER)
    else:
        broken = [each for each in parsers.parsers if each.faults]
        if broken:
            is_all = len(broken) == len(parsers.parsers)
            first = broken[0]
            cause = ReportedCause(next(iter(first.reasons), None), first.faults[0][:300])
            yield (red if is_all else amber)(
                causes.PARSER_FAULTS, broken=len(broken), count=len(parsers.parsers), cause=cause
            )
    if span.now.intake is None:
        yield unknown(causes.INTAKE_BETWEEN)
    for where in PARSING:
        if (stuck := _reported_stuck(span, where)) is not None:
            yield stuck
        elif count := _stuck(span, where):
            yield red(causes.PARSE_STUCK, count=count, where=_WHERE[where], window_s=round(span.seconds))
    if leaks := span.intake(lambda each: each.leaks):
        yield red(causes.LEAK, count=leaks, window_s=round(span.seconds))
    yield from _lost_proofs(span)
    yield from late(causes.PARSE_SLOW, figures.lag_s, limits.parse_lag)


def _lost_proofs(span: SampleSpan) -> Iterator[StageFinding]:
    """Finds agents whose pictures are all looked at again."""
    for each in () if span.now.intake is None else span.now.intake.lost_proofs:
        yield amber(_PROOF_LOST[each.cause], agent=each.agent_id)


def _reported_stuck(span: SampleSpan, where: str) -> StageFinding | None:
    """Finds a stage at which messages are stuck, as the intake itself reports."""
    for each in () if span.now.intake is None else span.now.intake.stuck:
        if each.stage == where:
            cause = ReportedCause(each.reason, each.cause)
            return red(causes.INTAKE_STUCK, count=each.messages, where=_WHERE[where], seconds=each.seconds, cause=cause)
    return None


def _stuck(span: SampleSpan, where: str) -> int:
    """Counts pictures that are at a deployment, if for the whole window none was finished anywhere."""
    now, before = span.now.intake, None if span.before is None else span.before.intake
    if now is None or before is None:
        return 0
    done = span.intake(lambda each: each.archived + each.duplicates + sum(each.rejected.values()))
    return now.at_work.get(where, 0) if done == 0 and before.at_work.get(where, 0) else 0


def archive(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the archiver. Without an answer of the cluster, its rate is that of the hints of fresh commits."""
    status = span.now.intake
    hints = span.rate(len(span.now.passages)) if span.now.link_fault is None else None
    committed = span.rate(span.intake(lambda each: each.archived))
    figures = Figures(
        rate_per_s=hints if committed is None else committed,
        lag_s=span.hop_s("commit"),
        queued=None if status is None else status.at_work.get(ARCHIVER, 0),
    )
    return StageVerdict.of(Stage.ARCHIVE, figures, _of_archive(span, figures, limits))


def _of_archive(span: SampleSpan, figures: Figures, limits: Pipeline) -> Iterator[StageFinding]:
    answers = span.now.answers
    if (nothing := _nothing(answers, None if answers is None else answers.archive)) is not None:
        yield nothing
        return
    if answers is not None and answers.archive.reach is Reach.PART_AWAY:
        yield red(causes.ARCHIVE_UNREADABLE, cause=answers.archive.fact)
    if span.now.intake is None:
        yield unknown(causes.INTAKE_BETWEEN)
    if (stuck := _reported_stuck(span, ARCHIVER)) is not None:
        yield stuck
    elif count := _stuck(span, ARCHIVER):
        yield red(causes.ARCHIVE_STUCK, count=count, window_s=round(span.seconds))
    yield from late(causes.ARCHIVE_SLOW, figures.lag_s, limits.archive_lag)
    held = None if answers is None else answers.archive.value
    for alarm, reason in () if held is None else zip(held.alarms[:3], chain(held.reasons, repeat(None)), strict=False):
        yield amber(causes.UPKEEP, cause=ReportedCause(reason, alarm[:300]))


def storage(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the disk under the archive, and everything that node exporter measures of the servers' disks."""
    disk = None if span.now.answers is None else span.now.answers.storage.value
    probes = span.now.probes_of(Stage.STORAGE)
    figures = figures_of_probes(probes, free_bytes=None if disk is None else disk.free_bytes)
    servers = judge_servers.findings(probes, judge_servers.items(probes, limits))
    return StageVerdict.of(Stage.STORAGE, figures, chain(_of_storage(span, limits), servers))


def _of_storage(span: SampleSpan, limits: Pipeline) -> Iterator[StageFinding]:
    answers = span.now.answers
    if (nothing := _nothing(answers, None if answers is None else answers.storage)) is not None:
        yield nothing
    elif answers is not None and (disk := answers.storage.value) is not None:
        if disk.free_bytes < limits.storage.amber_gb * GB:
            is_red = disk.free_bytes < limits.storage.red_gb * GB
            free, total = round(disk.free_bytes / GB, 1), round(disk.total_bytes / GB, 1)
            yield (red if is_red else amber)(causes.STORAGE_LOW, free=free, total=total)
        if (store := disk.pack_store) is not None and store.away_since_ms is not None:
            seconds = max(0, span.now.at_ms - store.away_since_ms) // 1000
            place = f"{store.endpoint}/{store.bucket}"
            cause = ReportedCause(store.reason, store.fault.removeprefix(f"{place}: ")[:300])
            yield red(causes.PACK_STORE_AWAY, place=f"{place}/{store.prefix}", seconds=seconds, cause=cause)
    elif answers is not None:
        yield red(causes.ARCHIVE_UNREADABLE, cause=answers.storage.fact)


def query(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the query service."""
    answers = span.now.answers
    figures = Figures(lag_s=None if answers is None else answers.took_s)
    return StageVerdict.of(Stage.QUERY, figures, _of_query(answers, figures, limits))


def _of_query(answers: ClusterAnswers | None, figures: Figures, limits: Pipeline) -> Iterator[StageFinding]:
    if answers is None:
        yield unknown(causes.QUERY_BETWEEN)
        return
    match answers.query.reach:
        case Reach.AWAY:
            yield red(causes.QUERY_AWAY, cause=answers.query.fact)
        case Reach.DENIED:
            yield red(causes.QUERY_DENIED)
        case Reach.OTHER:
            yield red(causes.QUERY_STRANGE, cause=answers.query.fact)
        case _:
            yield from late(causes.QUERY_SLOW, figures.lag_s, limits.query_lag)


def _nothing(answers: ClusterAnswers | None, answer: ClusterAnswer[Any] | None) -> StageFinding | None:
    """Finds why a part cannot be judged: `query` does not answer, or does not know the request."""
    if answers is None or answer is None or answers.query.reach in {Reach.AWAY, Reach.DENIED, Reach.OTHER}:
        return unknown(causes.QUERY_BETWEEN)
    if answer.reach in {Reach.OTHER, Reach.AWAY, Reach.DENIED}:
        return unknown(causes.CLUSTER_OLDER, cause=answer.fact)
    return None


def notify(span: SampleSpan, _limits: Pipeline) -> StageVerdict:
    """Judges the notification channels."""
    channels = span.now.channels
    waiting = sum(
        each.messages.get(MessageState.WAITING, 0) + each.messages.get(MessageState.SENDING, 0) for each in channels
    )
    gone = [_gone(span, each) for each in channels]
    figures = Figures(
        errors=None if span.before is None or not channels else sum(gone), queued=waiting if channels else None
    )
    findings = [finding for each in channels for finding in _of_channel(span, each)]
    return StageVerdict.of(Stage.NOTIFY, figures, findings if channels else [unknown(causes.NO_CHANNELS)])


def _gone(span: SampleSpan, channel: ChannelView) -> int:
    """Counts messages that were given up or reported as not delivered since the span began."""
    before = None if span.before is None else {each.id: each for each in span.before.channels}.get(channel.id)
    if before is None:
        return 0
    return sum(max(0, channel.messages.get(each, 0) - before.messages.get(each, 0)) for each in GONE)


def _of_channel(span: SampleSpan, channel: ChannelView) -> Iterator[StageFinding]:
    if channel.fault:
        yield red(causes.CHANNEL_STANDS, channel=channel.id, cause=channel.fault)
    if channel.suspended_since_ms is not None:
        yield red(causes.CHANNEL_SUSPENDED, channel=channel.id, limit=MOST)
    quota = channel.quota
    if quota is not None:
        facts: dict[str, causes.Fact] = {
            "channel": channel.id,
            "used": quota.used,
            "parts": quota.parts,
            "month": quota.month,
        }
        match quota.state:
            case QuotaState.SPENT:
                yield amber(causes.QUOTA_OVER, **facts) if quota.overflow else red(causes.QUOTA_SPENT, **facts)
            case QuotaState.WARNED:
                yield amber(causes.QUOTA_WARNED, **facts)
    if channel.rate.state is not RateState.FULL:
        yield amber(causes.CHANNEL_SLOWED, channel=channel.id, per_second=round(channel.rate.per_second, 1))
    if count := _gone(span, channel):
        yield amber(causes.UNDELIVERED, channel=channel.id, count=count, window_s=round(span.seconds))
