"""Time as an argument."""

import time
from collections.abc import Callable

NowMs = Callable[[], int]
"""Milliseconds since the Unix epoch, UTC."""


def now_ms() -> int:
    """The machine's wall clock."""
    return time.time_ns() // 1_000_000
