"""Samples of evidence, and the span between two of them. Frozen; nothing here does I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from center.fleet.devices import AgentView, CameraView, DeviceState
from center.notify.views import ChannelView
from center.pipeline.broker_figures import BrokerFigures, SnapshotTimes
from center.pipeline.cluster_client import ClusterAnswers
from center.pipeline.probes import ProbeReport
from center.pipeline.stages import Stage
from provisioning.contracts.query.archive import IntakeStatus
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat

NO_TIME_S = 1.0
"""Seconds: two samples nearer to each other than this give no rate."""


@dataclass(frozen=True, slots=True)
class Sample:
    """All evidence of one time. `link_fault` None: the connection to the broker stands."""

    at_ms: int
    link_fault: str | None
    cameras: tuple[CameraView, ...] = ()
    statuses: Mapping[tuple[str, str], CameraStatus] = field(default_factory=dict)
    agents: tuple[AgentView, ...] = ()
    heartbeats: Mapping[str, Heartbeat] = field(default_factory=dict)
    """The last heartbeat of each agent that ever sent one; `agents` says if it is still valid."""
    broker: BrokerFigures | None = None
    answers: ClusterAnswers | None = None
    passages: tuple[SnapshotTimes, ...] = ()
    """Hop times of the window that ends here."""
    channels: tuple[ChannelView, ...] = ()
    probes: tuple[ProbeReport, ...] = ()

    @property
    def intake(self) -> IntakeStatus | None:
        """Status of the intake, None if it did not answer."""
        return None if self.answers is None else self.answers.intake.value

    def probes_of(self, stage: Stage) -> tuple[ProbeReport, ...]:
        """Returns the reports of the probes of one stage."""
        return tuple(each for each in self.probes if each.stage is stage)

    @property
    def live_agents(self) -> tuple[str, ...]:
        """Ids of the agents that are online, whose heartbeats are valid."""
        return tuple(each.agent_id for each in self.agents if each.state is DeviceState.ONLINE)


def grown(now: int, before: int | None) -> int:
    """Returns the growth of a counter. One that is lower than before was reset, as in Prometheus."""
    if before is None:
        return 0
    return now - before if now >= before else now


def grown_by_name(now: Mapping[str, int], before: Mapping[str, int] | None) -> dict[str, int]:
    """Returns the growth of those counters that grew."""
    if before is None:
        return {}
    each = {name: grown(count, before.get(name, 0)) for name, count in now.items()}
    return {name: count for name, count in each.items() if count}


@dataclass(frozen=True, slots=True)
class SampleSpan:
    """The span from one sample to another; without the first, no growth is known."""

    now: Sample
    before: Sample | None

    @property
    def seconds(self) -> float:
        """Length of the span in seconds; 0 without a first sample."""
        return 0.0 if self.before is None else (self.now.at_ms - self.before.at_ms) / 1000

    def rate(self, count: int | None) -> float | None:
        """Returns a count per second; None if the span is too short."""
        return None if count is None or self.seconds < NO_TIME_S else count / self.seconds

    def heard(self) -> dict[str, tuple[Heartbeat, Heartbeat | None]]:
        """Returns the heartbeats of each online agent: now, and at the begin of the span."""
        old = {} if self.before is None else self.before.heartbeats
        beats = self.now.heartbeats
        return {each: (beats[each], old.get(each)) for each in self.now.live_agents if each in beats}

    def ledger(self, of: Callable[[Heartbeat], int]) -> int | None:
        """Returns the growth of a counter over all online agents; None without a first sample."""
        if self.before is None:
            return None
        return sum(grown(of(now), None if before is None else of(before)) for now, before in self.heard().values())

    def dropped(self, agent_id: str) -> dict[str, int]:
        """Returns the growth of an agent's drops, by name."""
        pair = self.heard().get(agent_id)
        if pair is None or pair[1] is None:
            return {}
        return grown_by_name(pair[0].ledger.dropped, pair[1].ledger.dropped)

    def intake(self, of: Callable[[IntakeStatus], int]) -> int | None:
        """Returns the growth of a counter of the intake; None if it did not answer both times."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        return None if now is None or before is None else grown(of(now), of(before))

    def intake_names(self, of: Callable[[IntakeStatus], Mapping[str, int]]) -> dict[str, int]:
        """Returns the growth of named counters of the intake; none if it did not answer both times."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        return {} if now is None or before is None else grown_by_name(of(now), of(before))

    def broker(self, of: Callable[[BrokerFigures], int | None]) -> int | None:
        """Returns the growth of a counter of the broker; None if it is not known."""
        now, before = self.now.broker, None if self.before is None else self.before.broker
        if now is None or before is None or (count := of(now)) is None:
            return None
        # A broker that has restarted since counts from 0, whatever it published before.
        known = of(before) if now.uptime_s >= before.uptime_s else 0
        return grown(count, known)

    def hop_s(self, hop: str) -> float | None:
        """Returns the mean time of a hop of the cluster in this span; None if nothing passed."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        if now is None or before is None or hop not in now.hops or hop not in before.hops:
            return None
        new, old = now.hops[hop], before.hops[hop]
        is_same = new.count >= old.count
        count = new.count - old.count if is_same else new.count
        took_ms = new.total_ms - old.total_ms if is_same else new.total_ms
        return max(0.0, took_ms) / count / 1000 if count else None

    def passage_s(self, of: Callable[[SnapshotTimes], float | None]) -> float | None:
        """Returns the mean over the snapshots whose hints came in this span."""
        return mean([took for each in self.now.passages if (took := of(each)) is not None])


def mean(values: Sequence[float]) -> float | None:
    """Returns the mean; None without values."""
    return sum(values) / len(values) if values else None
