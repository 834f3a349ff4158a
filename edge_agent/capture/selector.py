"""Selects the pictures worth a snapshot: those that changed, at most N a second, and one every T of a still scene.

Pure: the selection depends on the glances, by their capture times, and on what the agent's budget allows. Where nothing
is rationed, as in a recording that waits for the redactor, a replay selects the same pictures again.
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
class SelectorState:
    """State of a selector. It outlives the process that the selector runs in."""

    grey: NDArray[np.uint8]
    """Grey thumbnail (36×64) of the last selected picture."""
    taken_ms: int
    """Capture time of that picture."""
    paced_ms: float
    """Origin of the configured pace: a picture that comes early does not shift the schedule."""
    rationed_ms: float
    """The same for the budget's pace."""


class Selector:
    """Selects for one camera. The attributes are what the agent's budget allows at the moment."""

    def __init__(self, selector: processes.Selector, memory: SelectorState | None = None) -> None:
        self._interval_ms = self._configured_ms = 1000 / selector.max_per_second
        self._threshold = selector.change_threshold
        self._heartbeat_ms = selector.heartbeat_s * 1000
        self._before: SelectorState | None = None
        self.memory = memory
        self.least_ms = 0.0
        """Least milliseconds between pictures that are selected for a change."""
        self.is_full = False
        """As many of this camera's pictures wait for the redactor as may: none is selected."""
        self.passed_over = 0
        """Pictures that had changed and were not selected for want of budget. Not those above `max_per_second`."""

    def raise_rate(self, max_per_s: float) -> None:
        """Select so many pictures a second at most where the configuration says less; 0: as configured."""
        self._interval_ms = min(self._configured_ms, 1000 / max_per_s) if max_per_s else self._configured_ms

    def consider(self, glance: Glance) -> SelectReason | None:
        """Return the reason to select this picture, or None to pass it over.

        One that a device pushed is always selected.
        """
        if glance.pushed:
            return SelectReason.PUSHED
        at_ms = glance.captured_at_ms
        memory = self.memory
        if memory is None or at_ms < memory.taken_ms:  # a clock set back must not blind a camera until it catches up
            if self.is_full:
                return None
            self._remember(SelectorState(glance.grey, at_ms, at_ms, at_ms))
            return SelectReason.FIRST
        if at_ms < memory.paced_ms + self._interval_ms * (1 - _EARLY):
            return None
        reason = self._reason(memory, at_ms, glance.grey)
        if reason is not None:
            paced_ms = max(memory.paced_ms + self._interval_ms, at_ms)
            # A sign of life is due whatever the budget: it does not push the next change into the future.
            rationed_ms = at_ms if reason is SelectReason.HEARTBEAT else max(memory.rationed_ms + self.least_ms, at_ms)
            self._remember(SelectorState(glance.grey, at_ms, paced_ms, rationed_ms))
        return reason

    def take_back(self) -> None:
        """Undo the last selection, whose picture did not decode: the next one is compared with the one before it."""
        self.memory = self._before

    def event(self, glance: Glance) -> None:
        """Note a picture selected for an event: the next one that has merely changed waits its turn."""
        memory, at_ms = self.memory, glance.captured_at_ms
        if memory is None or at_ms >= memory.taken_ms:  # else a newer one has been taken meanwhile
            paced_ms = at_ms if memory is None else max(memory.paced_ms + self._interval_ms, at_ms)
            rationed_ms = at_ms if memory is None else max(memory.rationed_ms + self.least_ms, at_ms)
            self._remember(SelectorState(glance.grey, at_ms, paced_ms, rationed_ms))

    def _remember(self, memory: SelectorState) -> None:
        self._before, self.memory = self.memory, memory

    def _reason(self, memory: SelectorState, at_ms: int, grey: NDArray[np.uint8]) -> SelectReason | None:
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
