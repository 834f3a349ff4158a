"""Sums the counters of several intakes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from provisioning.contracts.query.archive import HopTotal, IntakeStatus, LostProof, StuckStage
from ray_cluster.errors import Unavailable
from ray_cluster.intake.agent_proofs import SHOWN

_COUNTS: Final = ("received", "archived", "duplicates", "leaks", "in_flight", "retries", "alone", "inspected", "reused")
_BY_NAME: Final = ("rejected", "dropped", "waiting", "at_work")


def total(statuses: Sequence[IntakeStatus]) -> IntakeStatus:
    """Sum the counters; connected if any intake is. Raises `Unavailable` without statuses."""
    if not statuses:
        raise Unavailable("no intake answers")
    named: dict[str, Counter[str]] = {name: Counter() for name in _BY_NAME}
    for status in statuses:
        for name, counter in named.items():
            counter.update(getattr(status, name))
    counts, times = Counter[str](), Counter[str]()
    for status in statuses:
        counts.update({hop: each.count for hop, each in status.hops.items()})
        times.update({hop: each.total_ms for hop, each in status.hops.items()})
    return IntakeStatus(
        broker_connected=any(status.broker_connected for status in statuses),
        **{name: sum(getattr(status, name) for status in statuses) for name in _COUNTS},
        **{name: dict(counter) for name, counter in named.items()},
        lost_proofs=_newest(each for status in statuses for each in status.lost_proofs),
        stuck=_longest(each for status in statuses for each in status.stuck),
        hops={hop: HopTotal(count=count, total_ms=times[hop]) for hop, count in counts.items()},
    )


def _longest(stuck: Iterable[StuckStage]) -> tuple[StuckStage, ...]:
    """Merge stuck stages of one name: the messages of all, and the time and cause of the longest."""
    stages: dict[str, StuckStage] = {}
    for each in stuck:
        other = stages.get(each.stage)
        if other is not None:
            longer = max(each, other, key=lambda one: one.seconds)
            each = longer.model_copy(update={"messages": each.messages + other.messages})  # noqa: PLW2901
        stages[each.stage] = each
    return tuple(sorted(stages.values(), key=lambda one: -one.seconds))


def _newest(lost: Iterable[LostProof]) -> tuple[LostProof, ...]:
    """Merge losses of several intakes: of each agent the newest."""
    agents = {each.agent_id: each for each in sorted(lost, key=lambda one: one.at_ms)}
    return tuple(sorted(agents.values(), key=lambda one: one.at_ms)[-SHOWN:])
