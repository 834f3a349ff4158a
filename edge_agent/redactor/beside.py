"""One search beside another, on a thread of its own.

A search is half numbers that a runtime spreads over its threads and half Python, resizing and sorting, which has one:
two searches at once keep both cores at work. What is found does not depend on it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import Final, TypeVar

_T = TypeVar("_T")
_NAME: Final = "redactor"


class Beside:
    """The spare threads of one agent, shared by its cameras. Nothing ever waits in a queue for one."""

    def __init__(self, threads: int = 1) -> None:
        """`threads`: cores that redaction may use; one of them is the caller's."""
        spare = threads - 1
        self._pool = ThreadPoolExecutor(spare, _NAME) if spare > 0 else None
        self._free = Semaphore(max(0, spare))

    def begin(self, work: Callable[[], _T]) -> Callable[[], _T]:
        """Begin `work` on a spare thread; the caller waits for its result, or gets its error, by calling what returns.

        Where no thread is free, the work is done then.
        """
        if self._pool is None or not self._free.acquire(blocking=False):
            return work
        return self._pool.submit(self._done, work).result

    def _done(self, work: Callable[[], _T]) -> _T:
        try:
            return work()
        finally:
            self._free.release()
