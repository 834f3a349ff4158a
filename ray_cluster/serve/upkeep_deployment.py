"""Runs upkeep as a deployment: in a process of its own, so that building an index takes only cores from commits."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
import logging
import os
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.replica import check_running, now_ms

LOG = logging.getLogger(__name__)
PAUSE_S: Final = 5.0
_NICE: Final = 10


class UpkeepReplica:
    """Replica of upkeep: runs it again and again. It has no callers: its findings are in a file that `query` reads."""

    async def __init__(self, config: ClusterConfig) -> None:  # type: ignore[misc] # Serve awaits it
        from ray_cluster.maintenance.upkeep import Upkeep

        log_to_stderr()
        os.nice(_NICE)
        config.archive_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._upkeep = Upkeep(config.archive_dir, offset_minutes=config.day_offset_minutes)
        self._work = asyncio.get_running_loop().create_task(self._run())

    def check_health(self) -> None:
        """Raise if the replica must be replaced, which Serve then does."""
        check_running(self._work)

    async def _run(self) -> None:
        logged: tuple[str, ...] = ()
        while True:
            await asyncio.sleep(PAUSE_S)
            try:
                faults = (await asyncio.to_thread(self._upkeep.run_once, now_ms=now_ms())).faults
            except (ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed) as error:
                faults = (str(error),)
            if faults != logged:
                logged = faults
                for fault in faults:
                    LOG.warning("upkeep: %s", fault)
