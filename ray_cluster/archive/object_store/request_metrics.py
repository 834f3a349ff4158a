"""Counts what this process asks of the store of packs: requests by operation and result, and their duration."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from prometheus_client import Histogram

from ray_cluster.histogram import SECONDS


class StoreOperation(StrEnum):
    """Operation of a request to the store, as its metrics name it."""

    CREATE = "create"
    REPLACE = "replace"
    GET = "get"
    LIST = "list"
    DELETE = "delete"
    VERSIONING = "versioning"


class StoreResult(StrEnum):
    """Result of a request, the client's second try included."""

    DONE = "done"
    UNMET = "unmet"
    """The condition of a write did not hold: the object is there, or has another state."""
    MISSING = "missing"
    FULL = "full"
    DENIED = "denied"
    FAILED = "failed"
    """No answer, or another error."""


class StoreRequests:
    """Requests of one process by operation and result, with their duration. Thread-safe."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._counts: Counter[tuple[StoreOperation, StoreResult]] = Counter()
        self.seconds = Histogram(
            "wayside_pack_store_request_seconds",
            "Duration of a request to the store of packs",
            ["operation"],
            buckets=SECONDS,
            registry=None,
        )
        for operation in StoreOperation:
            self.seconds.labels(operation.value)

    @contextmanager
    def counted(self, operation: StoreOperation, result_of: Callable[[Exception], StoreResult]) -> Iterator[None]:
        """Count the request that the block makes; `result_of` names the result of its error, which passes through."""
        began_s = self._now_s()
        result = StoreResult.DONE
        try:
            yield
        except Exception as error:
            result = result_of(error)
            raise
        finally:
            self.seconds.labels(operation.value).observe(self._now_s() - began_s)
            with self._lock:
                self._counts[operation, result] += 1

    def counts(self) -> dict[tuple[StoreOperation, StoreResult], int]:
        """Return the number of requests by operation and result, those that never happened included."""
        with self._lock:
            return {
                (operation, result): self._counts[operation, result]
                for operation in StoreOperation
                for result in StoreResult
            }


REQUESTS: Final = StoreRequests()
"""Requests of this process: stores are opened where they are used, and Prometheus asks one place."""
