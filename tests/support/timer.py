"""Pytest plugin: the time-out of a test counts patience. One that has none left fails, or is ended.

pytest-timeout knows two ways. Its signal leaves an asyncio test in its loop for ever; its thread ends the whole worker.
Here the signal comes first, and the thread a minute of patience later.
"""

import faulthandler
import signal
import threading
from types import FrameType

import pytest
from pytest_timeout import Settings, timeout_timer

from tests.support.waiting import Patience

GRACE_S = 60.0


def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> bool:
    """Starts the timer of a test, in place of the one of pytest-timeout."""
    over = threading.Event()

    def fail(_: int, __: FrameType | None) -> None:
        if not over.is_set():
            faulthandler.dump_traceback(file=2)  # all threads, into what was captured of the test
            pytest.fail(f"no end within {settings.timeout:g} s of patience")

    def lasts(patience: Patience) -> bool:
        while not over.wait(0.2):
            if patience.is_over():
                return True
        return False

    def watch() -> None:
        if lasts(Patience(settings.timeout)):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
            if lasts(Patience(GRACE_S)):
                timeout_timer(item, settings)

    def cancel() -> None:
        over.set()
        thread.join()
        signal.signal(signal.SIGALRM, before)

    before = signal.signal(signal.SIGALRM, fail)
    thread = threading.Thread(target=watch, name=f"timer of {item.nodeid}", daemon=True)
    item.cancel_timeout = cancel  # type: ignore[attr-defined]  # pytest-timeout calls it
    thread.start()
    return True
