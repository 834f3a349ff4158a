"""Several intakes' counters as one answer."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from provisioning.contracts.archive import HopTotal, IntakeStatus
from ray_cluster.errors import Unavailable

_COUNTS: Final = ("received", "archived", "duplicates", "leaks", "in_flight", "retries")
_BY_NAME: Final = ("rejected", "dropped", "waiting", "at_work")


def total(statuses: Sequence[IntakeStatus]) -> IntakeStatus:
    """Their sum; connected if any is. Raises `Unavailable` for none."""
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
        hops={hop: HopTotal(count=count, total_ms=times[hop]) for hop, count in counts.items()},
    )
