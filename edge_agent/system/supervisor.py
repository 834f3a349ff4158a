"""Restarts threads: one that falls by a bug is started again, and no other notices.

A broken disk is different: nothing can be kept safe any more, so `SpoolError` ends the agent.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import SpoolError

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Worker:
    target: Callable[[], None]
    fell: Callable[[], None]
    backoff: Backoff
    thread: threading.Thread | None = None
    restart_at_s: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


class Supervisor:
    """Starts threads, watches over them, waits for their end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._workers: dict[str, _Worker] = {}
        self._fatal: SimpleQueue[SpoolError] = SimpleQueue()

    def start(self, name: str, target: Callable[[], None], *, fell: Callable[[], None]) -> None:
        """Run `target` in a thread of that name; `fell` is called when a bug ends it, before it is started again."""
        worker = _Worker(target, fell, Backoff(1.0, 60.0))
        self._workers[name] = worker
        self._launch(name, worker)

    def restart_fallen(self) -> None:
        """Restart threads that fell. Call periodically.

        Raises:
            SpoolError: a thread met a disk that cannot be used.
        """
        try:
            raise self._fatal.get_nowait()
        except Empty:
            pass
        now_s = self._clock.monotonic_s()
        for name, worker in self._workers.items():
            if worker.done.is_set() or (worker.thread is not None and worker.thread.is_alive()):
                continue
            if worker.thread is not None:  # it ended, and not by returning: the traceback is on stderr
                worker.thread = None
                worker.restart_at_s = now_s + worker.backoff.next_wait_s()
                _log.error("thread fell name=%s: started again in %.1f s", name, worker.restart_at_s - now_s)
                worker.fell()
            if now_s >= worker.restart_at_s:
                self._launch(name, worker)

    def join(self, name: str, timeout_s: float) -> bool:
        """Wait for a thread to return. True if it has."""
        thread = self._workers[name].thread
        if thread is not None:
            thread.join(timeout_s)
        return thread is None or not thread.is_alive()

    def _launch(self, name: str, worker: _Worker) -> None:
        def body() -> None:
            try:
                worker.target()
            except SpoolError as error:
                self._fatal.put(error)
            worker.done.set()

        # Daemon: a thread stuck inside a decoder must not keep the process from ending.
        worker.thread = threading.Thread(target=body, name=name, daemon=True)
        worker.thread.start()
