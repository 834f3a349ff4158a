"""Shares among replicas a wall clock, a number of threads, a check of their work, and metrics."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from prometheus_client.metrics_core import Metric

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import Unavailable
from ray_cluster.serve.metrics import announced


def now_ms() -> int:
    """Return the wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def threads() -> int:
    """Return the number of threads for one network of a replica."""
    return min(max((os.cpu_count() or 2) // 2, 1), 4)


def check_running(work: "asyncio.Task[None]") -> None:
    """Raise `Unavailable` if `work`, which runs as long as the replica, has ended."""
    if work.done():
        raise Unavailable(f"the replica's work has ended: {work.exception() if not work.cancelled() else 'cancelled'}")


def open_metrics(families: Callable[[], Iterable[Metric]], config: ClusterConfig, name: str) -> ExitStack:
    """Serve metrics until the stack is closed, if `metrics_dir` is set. Raises `StartFailed`."""
    stack = ExitStack()
    if config.metrics_dir is not None:
        stack.enter_context(announced(families, config.metrics_dir, name))
    return stack


def free_bytes(directory: Path) -> int | None:
    """Return the free bytes of the disk under `directory`; None if it cannot be read."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
