"""Which pictures are worth a snapshot: what changed, at most N a second, and one every T however still the scene.

Pure: the answer depends on the glances, by their capture times, and on what the agent's budget allows. Where nothing is
rationed, as in a recording that waits for the redactor, a replay selects the same pictures again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Glance, SelectReason
from provisioning.contracts.config import processes

_Grey = NDArray[np.int16]
_EARLY = 0.25
"""A keyframe a second comes after 990 ms as often as after 1010: up to a quarter of the interval early will do."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What a selector knows of the past: it outlives the process that the selector runs in."""

    grey: NDArray[np.uint8]
    """36×64, the last selected picture at first sight."""
    taken_ms: int
    """When it was captured."""
    paced_ms: float
    """Where the pace of the configuration counts from: the schedule keeps it when a picture comes early."""
    rationed_ms: float
    """The same for the pace of the budget."""


class Selector:
    """One camera's. The attributes are what the agent's budget allows at the moment."""

    def __init__(self, selector: processes.Selector, memory: Memory | None = None) -> None:
        self._interval_ms = 1000 / selector.max_per_second
        self._threshold = selector.change_threshold
        self._heartbeat_ms = selector.heartbeat_s * 1000
        self._before: Memory | None = None
        self.memory = memory
        self.least_ms = 0.0
        """Pictures that changed are to be so far apart."""
        self.is_full = False
        """As many of this camera's pictures wait for the redactor as may: none is taken."""
        self.passed_over = 0
        """Pictures that had changed and were not taken for want of budget. Not those above `max_per_second`."""

    def consider(self, glance: Glance) -> SelectReason | None:
        """Why this one is taken, or None to let it pass. What a device pushed is always taken."""
        if glance.pushed:
            return SelectReason.PUSHED
        at_ms = glance.captured_at_ms
        memory = self.memory
        if memory is None or at_ms < memory.taken_ms:  # a clock set back must not blind a camera until it catches up
            if self.is_full:
                return None
            self._remember(Memory(glance.grey, at_ms, at_ms, at_ms))
            return SelectReason.FIRST
        if at_ms < memory.paced_ms + self._interval_ms * (1 - _EARLY):
            return None
        reason = self._reason(memory, at_ms, glance.grey)
        if reason is not None:
            paced_ms = max(memory.paced_ms + self._interval_ms, at_ms)
            # A sign of life is due whatever the budget: it does not push the next change into the future.
            rationed_ms = at_ms if reason is SelectReason.HEARTBEAT else max(memory.rationed_ms + self.least_ms, at_ms)
            self._remember(Memory(glance.grey, at_ms, paced_ms, rationed_ms))
        return reason

    def take_back(self) -> None:
        """The picture that was selected last could not be had: the next one is compared with the one before it."""
        self.memory = self._before

    def event(self, glance: Glance) -> None:
        """A picture was taken because something happened: the next one that has merely changed waits its turn."""
        memory, at_ms = self.memory, glance.captured_at_ms
        if memory is None or at_ms >= memory.taken_ms:  # else a newer one has been taken meanwhile
            paced_ms = at_ms if memory is None else max(memory.paced_ms + self._interval_ms, at_ms)
            rationed_ms = at_ms if memory is None else max(memory.rationed_ms + self.least_ms, at_ms)
            self._remember(Memory(glance.grey, at_ms, paced_ms, rationed_ms))

    def _remember(self, memory: Memory) -> None:
        self._before, self.memory = self.memory, memory

    def _reason(self, memory: Memory, at_ms: int, grey: NDArray[np.uint8]) -> SelectReason | None:
        has_changed = float(np.abs(_wide(grey) - _wide(memory.grey)).mean()) >= self._threshold
        is_early = at_ms < memory.rationed_ms + self.least_ms * (1 - _EARLY)
        if not self.is_full:
            if has_changed and not is_early:
                return SelectReason.CHANGE
            if at_ms - memory.taken_ms >= self._heartbeat_ms:
                return SelectReason.HEARTBEAT
        self.passed_over += has_changed
        return None


def _wide(grey: NDArray[np.uint8]) -> _Grey:
    return grey.astype(np.int16)
