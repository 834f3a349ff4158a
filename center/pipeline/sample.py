"""What was known at one moment, and what happened between two of them. Frozen; nothing here asks anybody."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from center.fleet.devices import AgentView, CameraView, DeviceState
from center.notify.views import ChannelView
from center.pipeline.broker_figures import BrokerFigures, Passage
from center.pipeline.cluster_client import Answers
from provisioning.contracts.query.archive import IntakeStatus
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat

NO_TIME_S = 1.0
"""Two looks nearer than this give no rate."""


@dataclass(frozen=True, slots=True)
class Sample:
    """All evidence of one look. `link_fault` None: the line to the broker stands."""

    at_ms: int
    link_fault: str | None
    cameras: tuple[CameraView, ...] = ()
    statuses: Mapping[tuple[str, str], CameraStatus] = field(default_factory=dict)
    agents: tuple[AgentView, ...] = ()
    heartbeats: Mapping[str, Heartbeat] = field(default_factory=dict)
    """The last of each agent that was ever heard; whether it still holds says `agents`."""
    broker: BrokerFigures | None = None
    answers: Answers | None = None
    passages: tuple[Passage, ...] = ()
    """Of the window that ends here."""
    channels: tuple[ChannelView, ...] = ()

    @property
    def intake(self) -> IntakeStatus | None:
        """What the intake said, if it did."""
        return None if self.answers is None else self.answers.intake.value

    @property
    def live_agents(self) -> tuple[str, ...]:
        """Ids of those whose word holds."""
        return tuple(each.agent_id for each in self.agents if each.state is DeviceState.ONLINE)


def grown(now: int, before: int | None) -> int:
    """By how much a counter grew. One that is lower than it was began anew, as Prometheus reads it."""
    if before is None:
        return 0
    return now - before if now >= before else now


def grown_by_name(now: Mapping[str, int], before: Mapping[str, int] | None) -> dict[str, int]:
    """Of several counters those that grew."""
    if before is None:
        return {}
    each = {name: grown(count, before.get(name, 0)) for name, count in now.items()}
    return {name: count for name, count in each.items() if count}


@dataclass(frozen=True, slots=True)
class Span:
    """From one sample to another; without the first nothing is known to have happened."""

    now: Sample
    before: Sample | None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return 0.0 if self.before is None else (self.now.at_ms - self.before.at_ms) / 1000

    def rate(self, count: int | None) -> float | None:
        """So many a second."""
        return None if count is None or self.seconds < NO_TIME_S else count / self.seconds

    def heard(self) -> dict[str, tuple[Heartbeat, Heartbeat | None]]:
        """Of each agent whose word holds: its figures, and those of before."""
        old = {} if self.before is None else self.before.heartbeats
        beats = self.now.heartbeats
        return {each: (beats[each], old.get(each)) for each in self.now.live_agents if each in beats}

    def ledger(self, of: Callable[[Heartbeat], int]) -> int | None:
        """By how much all agents' counters grew; None while there is nothing to compare with."""
        if self.before is None:
            return None
        return sum(grown(of(now), None if before is None else of(before)) for now, before in self.heard().values())

    def dropped(self, agent_id: str) -> dict[str, int]:
        """What an agent dropped, by name."""
        pair = self.heard().get(agent_id)
        if pair is None or pair[1] is None:
            return {}
        return grown_by_name(pair[0].ledger.dropped, pair[1].ledger.dropped)

    def intake(self, of: Callable[[IntakeStatus], int]) -> int | None:
        """By how much a counter of the intake grew; None where it did not answer both times."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        return None if now is None or before is None else grown(of(now), of(before))

    def intake_names(self, of: Callable[[IntakeStatus], Mapping[str, int]]) -> dict[str, int]:
        """The same of counters by name."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        return {} if now is None or before is None else grown_by_name(of(now), of(before))

    def broker(self, of: Callable[[BrokerFigures], int | None]) -> int | None:
        """By how much a counter of the broker's grew."""
        now, before = self.now.broker, None if self.before is None else self.before.broker
        if now is None or before is None or (count := of(now)) is None:
            return None
        # One that has started since counts from nought, whatever it told before.
        known = of(before) if now.uptime_s >= before.uptime_s else 0
        return grown(count, known)

    def hop_s(self, hop: str) -> float | None:
        """Mean of a hop of the cluster's in this span; None when nothing passed."""
        now, before = self.now.intake, None if self.before is None else self.before.intake
        if now is None or before is None or hop not in now.hops or hop not in before.hops:
            return None
        new, old = now.hops[hop], before.hops[hop]
        is_same = new.count >= old.count
        count = new.count - old.count if is_same else new.count
        took_ms = new.total_ms - old.total_ms if is_same else new.total_ms
        return max(0.0, took_ms) / count / 1000 if count else None

    def passage_s(self, of: Callable[[Passage], float | None]) -> float | None:
        """Mean over the snapshots whose hints came in this span."""
        return mean([took for each in self.now.passages if (took := of(each)) is not None])


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return sum(values) / len(values) if values else None


def named(counts: Mapping[str, int]) -> str:
    """`redactor_busy 12, paused 1`, the most frequent first."""
    return ", ".join(f"{name} {count}" for name, count in Counter(counts).most_common())
