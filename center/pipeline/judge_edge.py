"""Judges the stages before the cluster: devices, platforms, agents, broker. Pure: evidence in, verdicts out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from center.fleet.devices import AgentView, CameraView, CauseKind, DeviceState
from center.pipeline import causes
from center.pipeline.causes import NamedCounts, ReportedCause, StageFinding, amber, red, unknown
from center.pipeline.sample import Sample, SampleSpan, grown
from center.pipeline.stages import Stage
from center.pipeline.verdict import Figures, StageVerdict
from provisioning.contracts.config.pipeline import Pipeline, Slow
from provisioning.contracts.fleet.documents import Verdict as Taken

LOST: Final = frozenset({"spool_full", "spool_expired", "disk_full"})
"""Drops for want of room: pictures that were safe and are lost."""
NO_FAULT: Final = frozenset({"duplicate", "paused"})
"""Drops that are no fault: duplicates, and those of paused cameras, which have a cause of their own."""
TOGETHER_MS: Final = 60_000
GB: Final = 1_000_000_000
_DAY_MS: Final = 86_400_000
_OWN: Final = frozenset({CauseKind.NONE, CauseKind.AGENT})
_DELIVERS: Final = frozenset({DeviceState.ONLINE, DeviceState.STARTING})
_SHOWN: Final = 3


def devices(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the cameras, as their agents report. Those behind a silent agent or a dead recorder are its fault."""
    known, lost = span.now.cameras, _behind_dead_recorders(span.now)
    reported = [
        each
        for each in known
        if each.cause_kind in _OWN
        and each.state is not DeviceState.UNKNOWN
        and (each.agent_id, each.camera_id) not in lost
    ]
    down = [each for each in reported if each.state is DeviceState.OFFLINE]
    figures = Figures(
        rate_per_s=span.rate(span.ledger(lambda beat: beat.ledger.selected)),
        errors=len(down) if reported else None,
        queued=None,
    )
    return StageVerdict.of(Stage.DEVICES, figures, _of_devices(span.now, reported, down, limits))


def _of_devices(
    now: Sample, reported: Sequence[CameraView], down: Sequence[CameraView], limits: Pipeline
) -> Iterator[StageFinding]:
    if not now.cameras:
        yield unknown(causes.NO_CAMERAS) if now.link_fault is None else unknown(causes.BROKER_BETWEEN)
    elif not reported:
        yield unknown(causes.CAMERAS_NOT_HEARD) if now.link_fault is None else unknown(causes.BROKER_BETWEEN)
    if not down:
        return
    together = list(_together(reported, down, limits))
    yield from together
    is_many = len(down) >= limits.cameras_down_share * len(reported)
    first = down[0]
    yield (red if is_many else amber)(
        causes.CAMERAS_DOWN, down=len(down), count=len(reported), camera=first.title, cause=_cause(first)
    )


def _together(reported: Sequence[CameraView], down: Sequence[CameraView], limits: Pipeline) -> Iterator[StageFinding]:
    """Finds cameras of one agent that went offline together, which has one cause."""
    for agent_id in sorted({each.agent_id for each in down}):
        all_of_it = sum(each.agent_id == agent_id for each in reported)
        gone = sorted((each for each in down if each.agent_id == agent_id), key=lambda each: each.since_ms)
        runs: list[list[CameraView]] = [[gone[0]]]
        for earlier, later in pairwise(gone):
            if later.since_ms - earlier.since_ms > TOGETHER_MS:
                runs.append([])
            runs[-1].append(later)
        longest = max(runs, key=len)
        if len(longest) >= limits.fell_together and 2 * len(longest) >= all_of_it:
            codes = ReportedCause(None, "", tuple(sorted({each.code or "offline" for each in longest})))
            yield red(causes.FELL_TOGETHER, down=len(longest), count=all_of_it, agent_id=agent_id, code=codes)


def _behind_devices(now: Sample) -> dict[tuple[str, str], list[CameraView]]:
    """Groups the cameras of agents that report by the recorder or platform that they come through."""
    behind: dict[tuple[str, str], list[CameraView]] = defaultdict(list)
    for camera in now.cameras:
        status = now.statuses.get((camera.agent_id, camera.camera_id))
        if status is not None and status.device_id and camera.cause_kind in _OWN:
            behind[camera.agent_id, status.device_id].append(camera)
    return behind


def _behind_dead_recorders(now: Sample) -> frozenset[tuple[str, str]]:
    """Finds the cameras of devices with several channels none of which delivers; a device with one is a camera."""
    return frozenset(
        (camera.agent_id, camera.camera_id)
        for of in _behind_devices(now).values()
        if len(of) > 1 and all(each.state is DeviceState.OFFLINE for each in of)
        for camera in of
    )


def platforms(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges recorders and platforms by the cameras behind them."""
    now = span.now
    behind = _behind_devices(now)
    down = {key: [each for each in of if each.state not in _DELIVERS] for key, of in behind.items()}
    figures = Figures(errors=sum(map(bool, down.values())) if behind else None)
    return StageVerdict.of(Stage.PLATFORMS, figures, _of_platforms(now, behind, down, limits))


def _of_platforms(
    now: Sample,
    behind: dict[tuple[str, str], list[CameraView]],
    down: dict[tuple[str, str], list[CameraView]],
    limits: Pipeline,
) -> Iterator[StageFinding]:
    if not behind:
        if now.link_fault is not None:
            yield unknown(causes.BROKER_BETWEEN)
        elif any(each.device_id for each in now.statuses.values()):
            yield unknown(causes.CAMERAS_NOT_HEARD)
        elif now.statuses and all(each.source is None for each in now.statuses.values()):
            yield unknown(causes.PLATFORMS_UNTOLD)
        else:
            yield unknown(causes.NO_PLATFORMS)
    for (agent_id, device_id), gone in sorted(down.items()):
        # A pause is the centre's own doing, and a picture that cannot be redacted is the agent's fault.
        lost = [each for each in gone if each.state is DeviceState.OFFLINE]
        if not lost:
            continue
        facts: dict[str, causes.Fact] = {
            "device_id": device_id,
            "agent_id": agent_id,
            "count": len(behind[agent_id, device_id]),
        }
        cause = _cause(lost[0])
        if len(lost) == facts["count"]:
            yield red(causes.PLATFORM_DOWN, **facts, cause=cause)
        elif len(lost) >= limits.cameras_down_share * len(behind[agent_id, device_id]):
            yield amber(causes.PLATFORM_PARTLY, **facts, down=len(lost), cause=cause)


def agents(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the agents by their heartbeats."""
    now = span.now
    drops = [span.dropped(agent_id) for agent_id in now.live_agents]
    beats = [beat for beat, _ in span.heard().values()]
    figures = Figures(
        rate_per_s=span.rate(span.ledger(lambda beat: beat.ledger.archived)),
        lag_s=span.passage_s(lambda each: each.edge_s),
        errors=_errors(span),
        drops=None if span.before is None or not beats else sum(sum(each.values()) for each in drops),
        queued=sum(beat.spool_messages + beat.queued for beat in beats) if beats else None,
    )
    return StageVerdict.of(Stage.AGENTS, figures, _of_agents(span, limits))


def _errors(span: SampleSpan) -> int | None:
    if span.before is None or not span.heard():
        return None
    return sum(grown(new.quarantined, old.quarantined) for new, old in span.heard().values() if old is not None)


def _of_agents(span: SampleSpan, limits: Pipeline) -> Iterator[StageFinding]:
    now = span.now
    if now.link_fault is not None:
        yield unknown(causes.BROKER_BETWEEN)
        return
    counted = [each for each in now.agents if each.state in {DeviceState.ONLINE, DeviceState.OFFLINE}]
    if not counted:
        pending = sum(each.cause_kind is CauseKind.AGENT_PENDING for each in now.agents)
        yield unknown(causes.AGENTS_PENDING, pending=pending) if pending else unknown(causes.NO_AGENTS)
    silent = [each.agent_id for each in counted if each.cause_kind is CauseKind.AGENT_SILENT]
    if silent:
        is_many = len(silent) >= limits.agents_down_share * len(counted)
        yield (red if is_many else amber)(
            causes.AGENTS_SILENT, silent=len(silent), count=len(counted), agents=_some(silent)
        )
    yield from _of_cameras_within(now, limits)
    for agent in counted:
        yield from _of_certificate(agent, now.at_ms, limits)
        yield from _of_configuration(agent)
        if agent.state is DeviceState.ONLINE:
            yield from _of_work(span, agent.agent_id, limits)


def _of_cameras_within(now: Sample, limits: Pipeline) -> Iterator[StageFinding]:
    """Finds cameras whose pictures come, but are not redacted or are paused."""
    own = [each for each in now.cameras if each.cause_kind in _OWN]
    bare = [each for each in own if each.state is DeviceState.REDACTION_UNAVAILABLE]
    if bare:
        is_many = len(bare) >= limits.cameras_down_share * len(own)
        yield (red if is_many else amber)(
            causes.REDACTION_DOWN, count=len(bare), camera=bare[0].title, cause=_cause(bare[0])
        )
    if paused := [each.title for each in own if each.state is DeviceState.PAUSED]:
        yield amber(causes.CAMERAS_PAUSED, count=len(paused), cameras=_some(paused))


def _of_certificate(agent: AgentView, now_ms: int, limits: Pipeline) -> Iterator[StageFinding]:
    if agent.certificate_ends_ms is None:
        return
    days = (agent.certificate_ends_ms - now_ms) / _DAY_MS
    if days <= 0:
        yield red(causes.CERTIFICATE_ENDED, agent_id=agent.agent_id)
    elif days < limits.certificate_days:
        yield amber(causes.CERTIFICATE_ENDS, agent_id=agent.agent_id, days=round(days, 1))


def _of_configuration(agent: AgentView) -> Iterator[StageFinding]:
    report = agent.configuration
    if report is not None and report.verdict in {Taken.ROLLED_BACK, Taken.REFUSED}:
        yield amber(
            causes.CONFIGURATION_BACK,
            agent_id=agent.agent_id,
            number="?" if report.number is None else report.number,
            verdict=report.verdict,
            cause=ReportedCause(report.reason, report.cause, ()),
        )


def _of_work(span: SampleSpan, agent_id: str, limits: Pipeline) -> Iterator[StageFinding]:
    beat, before = span.heard().get(agent_id, (None, None))
    if beat is None:
        return
    window_s = round(span.seconds)
    drops = {name: count for name, count in span.dropped(agent_id).items() if name not in NO_FAULT}
    lost = {name: count for name, count in drops.items() if name in LOST}
    other = {name: count for name, count in drops.items() if name not in LOST}
    if lost:
        yield red(
            causes.PICTURES_LOST,
            agent_id=agent_id, count=sum(lost.values()), window_s=window_s, names=NamedCounts(lost),
        )  # fmt: skip
    if other:
        yield amber(
            causes.PICTURES_DROPPED,
            agent_id=agent_id, count=sum(other.values()), window_s=window_s, names=NamedCounts(other),
        )  # fmt: skip
    if before is not None and (count := grown(beat.quarantined, before.quarantined)):
        yield amber(causes.REJECTED_AT_AGENT, agent_id=agent_id, count=count, window_s=window_s)
    waiting = beat.spool_messages
    if waiting >= limits.agent_backlog.amber:
        is_red = waiting >= limits.agent_backlog.red
        yield (red if is_red else amber)(causes.AGENT_BACKLOG, waiting=waiting, agent_id=agent_id)
    if beat.disk_free_bytes is not None and beat.disk_free_bytes < limits.agent_disk.amber_gb * GB:
        is_red = beat.disk_free_bytes < limits.agent_disk.red_gb * GB
        yield (red if is_red else amber)(causes.AGENT_DISK, agent_id=agent_id, free=round(beat.disk_free_bytes / GB, 1))


def broker(span: SampleSpan, limits: Pipeline) -> StageVerdict:
    """Judges the broker by the centre's connection to it and by the figures that it publishes."""
    now = span.now
    figures = Figures(
        rate_per_s=span.rate(span.broker(lambda each: each.received)),
        lag_s=span.passage_s(lambda each: each.transport_s),
        drops=span.broker(lambda each: each.dropped),
        queued=None if now.broker is None else now.broker.held,
    )
    return StageVerdict.of(Stage.BROKER, figures, _of_broker(span, figures, limits))


def _of_broker(span: SampleSpan, figures: Figures, limits: Pipeline) -> Iterator[StageFinding]:
    if span.now.link_fault is not None:
        yield red(causes.BROKER_AWAY, cause=span.now.link_fault)
        return
    if span.now.broker is None:
        yield unknown(causes.BROKER_MUTE)
    if figures.drops:
        yield amber(causes.BROKER_DROPS, count=figures.drops, window_s=round(span.seconds))
    yield from late(causes.BROKER_SLOW, figures.lag_s, limits.broker_lag)


def late(cause: causes.Cause, lag_s: float | None, limit: Slow) -> Iterator[StageFinding]:
    """Yields the cause if a lag reaches its limit."""
    if lag_s is not None and lag_s >= limit.amber_s:
        yield (red if lag_s >= limit.red_s else amber)(cause, lag_s=round(lag_s, 1))


def _cause(camera: CameraView) -> ReportedCause:
    return ReportedCause(camera.reason, camera.cause, (camera.code,))


def _some(names: Iterable[str]) -> str:
    """Joins the first few names, and counts the others."""
    all_of_them = list(names)
    more = len(all_of_them) - _SHOWN
    return ", ".join(all_of_them[:_SHOWN]) + (f" … +{more}" if more > 0 else "")
