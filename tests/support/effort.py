"""Counts the work of a call: bytecode instructions, and processor time where the work is inside a C function.

Instructions are the same on every machine and at any load. A regular expression or a copy of bytes counts as one of
them, so that their growth is looked at by the processor time of this thread alone, the least of several rounds.
"""

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

_ROUNDS: Final = 7
_MOST_ROUNDS: Final = 100


def instructions(call: Callable[[], object]) -> int:
    """Run `call` once in this thread and return how many bytecode instructions it executed."""
    counted = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return counted


def processor_time_ratio(small: Callable[[], object], large: Callable[[], object], enough: float) -> float:
    """Return how many times the processor time of `small` the call `large` takes: the least of each, in turn.

    There are more rounds until it is no more than `enough`: neighbours make a round dearer, and none cheaper.
    """
    least = [float("inf"), float("inf")]
    for done in range(1, _MOST_ROUNDS + 1):
        for which, call in enumerate((small, large)):
            began_ns = time.thread_time_ns()
            call()
            least[which] = min(least[which], time.thread_time_ns() - began_ns)
        if done >= _ROUNDS and least[1] <= enough * least[0]:
            break
    return least[1] / max(least[0], 1)
