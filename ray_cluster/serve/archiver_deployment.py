"""Runs the archiver as a deployment."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.commit_batcher import Batcher
from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.archive.upkeep_status import read_status
from ray_cluster.errors import Fenced
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.metrics import ArchiveMetricsInputs, archive_families
from ray_cluster.serve.replica import check_running, free_bytes, now_ms, open_metrics

_T = TypeVar("_T")


class ArchiverReplica:
    """Replica of the archiver of a partition: one thread writes, and callers wait for the next commit."""

    _metrics: ExitStack | None = None

    async def __init__(self, config: ClusterConfig, number: int = 0) -> None:  # type: ignore[misc] # Serve awaits it
        from ray_cluster.archive.archiver import ADVANCE_MS
        from ray_cluster.archive.object_store.claim import claim_packs
        from ray_cluster.archive.object_store.store_health import StoreHealth
        from ray_cluster.archive.partitions.division import Partitions
        from ray_cluster.archive.partitions.writers import open_writer

        log_to_stderr()
        self._thread = ThreadPoolExecutor(1, "archiver")
        if not number:
            await self._in_thread(lambda: claim_packs(config.archive_dir, config.pack_store))
        self._partitions = Partitions(config.archive_dir)
        folder = self._partitions.folder(number)
        self._archiver = await self._in_thread(
            lambda: open_writer(
                config.archive_dir,
                number,
                writers=config.archive_writers,
                retention_days=config.retention_days,
                offset_minutes=config.day_offset_minutes,
                now=read_clocks(),
            )
        )
        commits = CommitFigures(now_ms)
        self._batcher = Batcher(
            commits.around(lambda entries: self._in_thread(lambda: self._archiver.commit(entries, now_ms=now_ms()))),
            lambda: self._in_thread(lambda: self._archiver.maintain(now=read_clocks())),
            flush_rows=config.flush_rows,
            flush_s=config.flush_ms / 1000,
            max_rows=4 * config.flush_rows,
            idle_s=ADVANCE_MS / 1000,
        )
        store = StoreHealth(folder, None if config.pack_store is None else config.pack_store.of_partition(number))
        inputs = ArchiveMetricsInputs(
            commits,
            waiting_rows=lambda: self._batcher.waiting_rows,
            maintenance_fault=lambda: self._batcher.maintenance_fault,
            disk_free_bytes=lambda: free_bytes(config.archive_dir),
            upkeep=lambda: read_status(folder),
            retention_stopped=lambda: self._archiver.retention_stopped,
            pack_store=store.status,
        )
        self._metrics = open_metrics(lambda: archive_families(inputs), config, "archive")
        self._work = asyncio.get_running_loop().create_task(self._batcher.run())

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """Look up archived rows. New rows, nearly all, do not wait for the running commit."""
        if self._archiver.surely_absent(sightings):
            return {}
        return await self._in_thread(lambda: self._archiver.known(sightings))

    async def places(self, agents: Sequence[str]) -> dict[str, int]:
        """Find the partitions of agents; those that were never seen are recorded."""
        division = await asyncio.to_thread(self._partitions.assign, agents)
        return {agent: division.agents[agent] for agent in agents}

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await self._batcher.submit(entries)

    def check_health(self) -> None:
        """Raise if the replica must be replaced, which Serve then does."""
        if self._archiver.fenced:
            raise Fenced(self._archiver.fenced)
        check_running(self._work)

    def __del__(self) -> None:
        """Close; Serve calls this on shutdown."""
        self.close()

    def close(self) -> None:
        """Close the server of metrics."""
        if self._metrics is not None:
            self._metrics.close()

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
