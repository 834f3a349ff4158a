"""What the agent's processes weigh and spend, sampled while they run."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.process import cpu_s, pss_mib

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment: proportional set sizes in MiB, processor time since the start in seconds."""

    at_s: float
    agent_mib: float
    cameras_mib: float
    """The fork server and every camera's process."""
    processes: int
    agent_cpu_s: float
    cameras_cpu_s: float
    server_cpu_s: float
    broker_cpu_s: float


def sample(agent: int, cameras: int, broker: int) -> Sample:
    """Of the agent with its descendants, the cameras' server and the broker."""
    offspring = list(descendants(agent))
    return Sample(
        at_s=time.monotonic(),
        agent_mib=pss_mib(agent),
        cameras_mib=_sum(pss_mib, offspring),
        processes=len(offspring),
        agent_cpu_s=cpu_s(agent),
        cameras_cpu_s=_sum(cpu_s, offspring),
        server_cpu_s=cpu_s(cameras),
        broker_cpu_s=cpu_s(broker),
    )


def descendants(pid: int) -> Iterable[int]:
    """Children, their children, and so on."""
    for children in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            found = [int(child) for child in children.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended meanwhile
        for child in found:
            yield child
            yield from descendants(child)


def _sum(measure: Callable[[int], float], pids: Iterable[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            total += measure(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return total
