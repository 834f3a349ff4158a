"""Checks in the background whether the store of packs answers, and reports the last result without waiting for one.

A check is one small GET of the archive's id: it needs the way to the store, its certificate, the key and the bucket,
and shows that the packs there are those of this archive.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.causes import cluster
from provisioning.contracts.config.cluster import PackStore
from provisioning.contracts.query.archive import PackStoreStatus
from provisioning.contracts.wire.messages import CodedCause
from ray_cluster.archive.object_store.claim import check_claim, store_of
from ray_cluster.errors import ArchiveUnreadable, ClusterError, StoreDenied, StoreRefused

FRESH_S: Final = 10.0
"""Seconds for which a result is reused: many ask, and each check is a request."""
WAIT_S: Final = 1.0
"""Longest time that a caller waits for a check: the centre gives the whole answer two seconds."""
MUTE_S: Final = 5.0
"""Seconds without an answer after which the store counts as away, though the check still runs."""


@dataclass(frozen=True, slots=True)
class _Result:
    at_ms: int
    fault: str = ""
    reason: CodedCause | None = None


class _Check:
    """One check of one store, in a thread of its own."""

    def __init__(self, settings: PackStore, archive: str, began_s: float) -> None:
        self.began_s = began_s
        self.done = threading.Event()
        self.error: ClusterError | None = ArchiveUnreadable("pack_store: the check ended early; its log has the cause")
        """Error of the check; None: the store answered."""
        self.settings = settings
        self._archive = archive
        threading.Thread(target=self._run, name="pack-store", daemon=True).start()

    def _run(self) -> None:
        from ray_cluster.archive.object_store.s3 import Patience, S3Objects  # noqa: PLC0415 - slow to import

        try:
            check_claim(S3Objects(self.settings, Patience(tries=1)), self.settings, self._archive)
            self.error = None
        except ClusterError as error:
            self.error = error
        finally:
            self.done.set()


class StoreHealth:
    """Health of the store of one archive. Thread-safe.

    Args:
        directory: the archive's.
        configured: the store that its writer is told to use; counts until the archive has one.
        now_ms: wall clock.
        now_s: monotonic clock.
    """

    def __init__(
        self,
        directory: Path,
        configured: PackStore | None,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._configured = configured
        self._now_ms = now_ms
        self._now_s = now_s
        self._lock = threading.Lock()
        self._place: tuple[PackStore, str] | None = None
        self._check: _Check | None = None
        self._asked_s = 0.0
        self._last: _Result | None = None
        self._away_since_ms: int | None = None

    def status(self) -> PackStoreStatus | None:
        """Report the store; None if the packs lie on disk. Takes `WAIT_S` at most.

        Raises:
            ArchiveUnreadable: the file that says where they lie is damaged.
        """
        place = store_of(self._directory, self._configured)
        if place is None:
            return None
        with self._lock:
            check = self._begun(place)
        if check is not None:
            check.done.wait(WAIT_S)
        with self._lock:
            self._read(check)
            settings, last = place[0], self._last
            return PackStoreStatus(
                endpoint=settings.endpoint,
                bucket=settings.bucket,
                prefix=settings.prefix,
                answers=None if last is None else not last.fault,
                asked_at_ms=None if last is None else last.at_ms,
                away_since_ms=self._away_since_ms,
                fault="" if last is None else last.fault,
                reason=None if last is None else last.reason,
            )

    def _begun(self, place: tuple[PackStore, str]) -> _Check | None:
        """Return the check that runs, a new one if the last result is old; None while that is fresh."""
        now_s = self._now_s()
        if place != self._place:
            self._place, self._check, self._last, self._away_since_ms = place, None, None, None
        self._read(self._check)
        if self._check is None and (self._last is None or now_s - self._asked_s >= FRESH_S):
            self._asked_s = now_s
            self._check = _Check(*place, now_s)
        return self._check

    def _read(self, check: _Check | None) -> None:
        """Take the result of a check, or that it takes too long."""
        if check is None or check is not self._check:
            return
        if check.done.is_set():
            self._check = None
            self._take(check.error)
        elif self._now_s() - check.began_s >= MUTE_S:
            text = f"no answer within {MUTE_S:.0f} s; check the store and the way to it"
            self._take(ArchiveUnreadable(f"{check.settings.endpoint}/{check.settings.bucket}: {text}"))

    def _take(self, error: ClusterError | None) -> None:
        now_ms = self._now_ms()
        if error is None:
            self._last, self._away_since_ms = _Result(now_ms), None
            return
        endpoint = "" if self._place is None else f"{self._place[0].endpoint}/"
        self._last = _Result(now_ms, str(error), _reason(error, str(error).replace(endpoint, "")))
        if self._away_since_ms is None:
            self._away_since_ms = now_ms


def _reason(error: ClusterError, detail: str) -> CodedCause:
    """Code an error; `detail` is its text without a URL."""
    match error:
        case StoreDenied():
            return cluster.PACK_STORE_DENIED(detail=detail)
        case StoreRefused():
            return cluster.PACK_STORE_REFUSED(detail=detail)
        case _:
            return cluster.PACK_STORE_AWAY(detail=detail)
