"""Runs one search beside another, on a thread of its own.

A search runs on one core: a runtime that spreads it over two waits at every layer for the other one (720p on two cores:
840 CPU ms a picture, on one 655), and the Python between its layers has only one thread anyway. So the searches of a
picture are spread instead. The result does not depend on it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_T = TypeVar("_T")
_NAME: Final = "redactor"


class Beside:
    """The spare threads of one agent, shared by its cameras. A caller never waits for work that has not begun."""

    def __init__(self, threads: int = 1) -> None:
        """`threads`: cores that redaction may use; one of them is the caller's."""
        spare = threads - 1
        self._pool = ThreadPoolExecutor(spare, _NAME) if spare > 0 else None

    def begin(self, work: Callable[[], _T]) -> Callable[[], _T]:
        """Begin `work` on a spare thread; call the returned function to wait for its result or error.

        If no thread has taken the work by then, the caller does it in its own.
        """
        if self._pool is None:
            return work
        begun = self._pool.submit(work)
        return lambda: work() if begun.cancel() else begun.result()
