"""Runs upkeep as a deployment: in a process of its own, so that building an index takes only cores from commits."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.replica import check_running, now_ms

if TYPE_CHECKING:
    from ray_cluster.maintenance.upkeep import Upkeep

LOG = logging.getLogger(__name__)
PAUSE_S: Final = 5.0
NICE: Final = 10


class UpkeepReplica:
    """Replica of the upkeep of a partition: runs it again and again.

    It has no callers: its findings are in a file that `query` reads.
    """

    async def __init__(self, config: ClusterConfig, number: int = 0) -> None:  # type: ignore[misc] # Serve awaits it
        from ray_cluster.archive.partitions.division import Partitions
        from ray_cluster.maintenance.upkeep import Upkeep

        log_to_stderr()
        os.nice(NICE)
        config.archive_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = Partitions(config.archive_dir).folder(number)
        self._open = lambda: Upkeep(self._folder, offset_minutes=config.day_offset_minutes)
        self._work = asyncio.get_running_loop().create_task(self._run())

    def check_health(self) -> None:
        """Raise if the replica must be replaced, which Serve then does."""
        check_running(self._work)

    async def _run(self) -> None:
        logged: tuple[str, ...] = ()
        upkeep: Upkeep | None = None
        while True:
            await asyncio.sleep(PAUSE_S)
            if not self._folder.is_dir():  # that of a further partition, which its writer makes
                continue
            if upkeep is None:
                upkeep = await asyncio.to_thread(self._open)
            try:
                faults = (await asyncio.to_thread(upkeep.run_once, now_ms=now_ms())).faults
            except (ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed) as error:
                faults = (str(error),)
            if faults != logged:
                logged = faults
                for fault in faults:
                    LOG.warning("upkeep: %s", fault)
