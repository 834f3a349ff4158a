"""What every replica has: a wall clock, a share of the cores, work that must not end."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client.metrics_core import Metric

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import Unavailable
from ray_cluster.serve.metrics import Door


def now_ms() -> int:
    """Wall clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def threads() -> int:
    """For one network of one replica."""
    return min(max((os.cpu_count() or 2) // 2, 1), 4)


def check_running(work: "asyncio.Task[None]") -> None:
    """Raises `Unavailable` if `work`, which runs as long as the replica, has ended."""
    if work.done():
        raise Unavailable(f"the replica's work has ended: {work.exception() if not work.cancelled() else 'cancelled'}")


def door(families: Callable[[], Iterable[Metric]], config: ClusterConfig, name: str) -> Door | None:
    """An open one, where metrics are wanted. Raises `StartFailed`."""
    if config.metrics_dir is None:
        return None
    made = Door(families, config.metrics_dir, name)
    made.open()
    return made


def free_bytes(directory: Path) -> int | None:
    """What the disk under `directory` has left; None when it cannot be asked."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
