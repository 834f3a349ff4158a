"""Counts the duration and the rows of commits, outside the archiver."""

import time
from collections import Counter
from collections.abc import Callable, Sequence

from prometheus_client import Histogram

from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive.commit_batcher import Commit
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ClusterError
from ray_cluster.histogram import ROWS, SECONDS


class CommitFigures:
    """Metrics of one archiver's commits. Written by one thread; figures that are read are at most one commit old.

    Args:
        now_ms: wall clock.
        now_s: monotonic clock.
    """

    def __init__(self, now_ms: Callable[[], int], now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_ms = now_ms
        self._now_s = now_s
        self.seconds = Histogram(
            "wayside_archive_commit_seconds", "Duration of a commit", buckets=SECONDS, registry=None
        )
        self.batch_rows = Histogram("wayside_archive_batch_rows", "Rows of a commit", buckets=ROWS, registry=None)
        self.rows = 0
        """New snapshot rows, without repetitions."""
        self.objects = 0
        self.picture_bytes = 0
        self.failures: Counter[str] = Counter()
        """Failed commits by the name of the error."""
        self.last_at_ms: int | None = None

    def around(self, commit: Commit) -> Commit:
        """Wrap `commit` to count its calls. Errors pass through."""

        async def counted(entries: Sequence[Entry]) -> list[Receipt]:
            began_s = self._now_s()
            try:
                receipts = await commit(entries)
            except ClusterError as error:
                self.failures[type(error).__name__] += 1
                raise
            self._taken(entries, receipts, self._now_s() - began_s)
            return receipts

        return counted

    def _taken(self, entries: Sequence[Entry], receipts: Sequence[Receipt], took_s: float) -> None:
        self.seconds.observe(took_s)
        self.batch_rows.observe(len(entries))
        for entry, receipt in zip(entries, receipts, strict=True):
            if receipt.fresh:
                self.rows += 1
                self.objects += len(entry.machines)
                self.picture_bytes += len(entry.jpeg) if entry.picture is PictureState.KEPT else 0
        self.last_at_ms = self._now_ms()
