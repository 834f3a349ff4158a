"""Which frames are worth a snapshot: what changed, at most N a second, and one every T however still the scene.

Pure: the answer depends on the frames alone, by their capture times, so a replay selects the same pictures again.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Frame, Selected, SelectReason
from provisioning.contracts import config

_WIDTH, _HEIGHT = 64, 36
"""Small enough that leaves and sensor noise average out, large enough for a bicycle at the far kerb."""


class Selector:
    """The memory of one camera: its last selected picture in 64×36 grey, and when the next one is due."""

    def __init__(self, selector: config.Selector) -> None:
        self._interval_ms = 1000 / selector.max_per_second
        self._threshold = selector.change_threshold
        self._heartbeat_ms = selector.heartbeat_s * 1000
        self._last: NDArray[np.float32] | None = None
        self._last_ms = 0
        self._due_ms = 0.0

    def consider(self, frame: Frame) -> Selected | None:
        """Take `frame`, or let it pass."""
        reason = self._reason(frame)
        if reason is None:
            return None
        # The schedule keeps its pace when a frame comes early, and starts anew when one comes late.
        self._due_ms = max(self._due_ms, frame.captured_at_ms) + self._interval_ms
        self._last_ms = frame.captured_at_ms
        self._last = _grey(frame.image)
        return Selected(frame, reason)

    def _reason(self, frame: Frame) -> SelectReason | None:
        at_ms = frame.captured_at_ms
        if self._last is None or at_ms < self._last_ms:  # a clock set back must not blind a camera until it catches up
            self._due_ms = at_ms
            return SelectReason.FIRST
        # A keyframe a second comes after 990 ms as often as after 1010: up to a quarter of the interval early will do.
        if at_ms < self._due_ms - self._interval_ms / 4:
            return None
        if float(np.abs(_grey(frame.image) - self._last).mean()) >= self._threshold:
            return SelectReason.CHANGE
        if at_ms - self._last_ms >= self._heartbeat_ms:
            return SelectReason.HEARTBEAT
        return None


def _grey(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(image, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.float32)
