"""Measures a camera's clock by the times in its pictures: seldom, and only where several readings agree.

A digit that is misread in the same way each time would be believed, if it stood still. So the readings that count must
differ in minutes, tens of seconds and seconds. What stands farther than `FARTHEST_MS` from the agent's time may have
another zone, or a misread hour or date: that is not known.
"""

import logging
import zlib
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from edge_agent.clock import Clock
from edge_agent.frames import Frame
from edge_agent.health.camera_health import ClockMeasured
from edge_agent.redactor.cover import Image
from engines.errors import EngineError
from provisioning.contracts.config.camera import Area
from provisioning.contracts.query.archive import ZONE
from provisioning.contracts.wire.messages import ClockQuality, ClockSource

EVERY_S: Final = 600.0
FIRST_S: Final = 120.0
"""Seconds over which the first readings of an agent's cameras are spread."""
AGAIN_S: Final = 77.0
"""Seconds between readings until they tell the skew, so that their digits differ."""
AGREEING: Final = 3
FARTHEST_MS: Final = 300_000.0
APART_MS: Final = 1500.0
"""Largest difference of two readings of one clock: a second that is shown whole, and the ways of two pictures."""
WAY_MS: Final = 400.0
"""Most that a picture needs from the sensor to the agent."""
_SECOND_MS: Final = 1000.0
_TENTH_MS: Final = 100.0
_SYNCED_MS: Final = 500.0
"""Largest difference between the agent's clock and a camera's that dates its pictures."""
_REMEMBERED: Final = 6
_log = logging.getLogger(__name__)

ReadTime: TypeAlias = Callable[[Image, datetime, Area | None], datetime | None]
"""Reads the local time in a picture, near a given one, in an area: `reader.TimeReader.read`."""


class PictureClock:
    """Reads the times of one camera's pictures. `lost` is called when the readings contradict each other."""

    def __init__(
        self,
        camera_id: str,
        area: Area | None,
        read: ReadTime,
        measured: ClockMeasured,
        lost: Callable[[str, ClockSource], None],
        clock: Clock,
    ) -> None:
        self._id = camera_id
        self._area = area
        self._read = read
        self._measured = measured
        self._lost = lost
        self._clock = clock
        self._due_s = clock.monotonic_s() + zlib.crc32(camera_id.encode()) % 1000 / 1000 * FIRST_S
        self._fault = ""
        """Error of the last reading, which is logged once."""
        self._is_proven = False
        self._readings: deque[tuple[datetime, float]] = deque(maxlen=_REMEMBERED)

    def see(self, frame: Frame) -> None:
        """Reads the time in a frame that is not covered yet, if one is due."""
        now_s = self._clock.monotonic_s()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        near = datetime.fromtimestamp(frame.captured_at_ms / 1000, ZONE).replace(tzinfo=None)
        try:
            shown = self._read(frame.image, near, self._area)
        except EngineError as error:
            if str(error) != self._fault:
                _log.error("time in the picture not read camera=%s: %s", self._id, error)
            self._fault = str(error)
            return
        self._fault = ""
        if shown is not None:
            self._note(shown, frame)
            if not self._is_proven:
                self._due_s = now_s + AGAIN_S

    def _note(self, shown: datetime, frame: Frame) -> None:
        step_ms = _TENTH_MS if shown.microsecond else _SECOND_MS
        early_ms = shown.replace(tzinfo=ZONE).timestamp() * 1000 - frame.captured_at_ms
        skew_ms = early_ms + (step_ms + WAY_MS) / 2
        if (self._readings and abs(skew_ms - self._readings[-1][1]) > APART_MS) or abs(skew_ms) > FARTHEST_MS:
            self._readings.clear()
            self._is_proven = False
            self._lost(self._id, ClockSource.PICTURE)
        if abs(skew_ms) > FARTHEST_MS:
            return
        self._readings.append((shown, skew_ms))
        self._is_proven = self._is_proven or (len(self._readings) >= AGREEING and self._differ())
        if self._is_proven:
            bound_ms = (_SECOND_MS + WAY_MS) / 2 + (_SYNCED_MS if frame.clock is ClockQuality.SYNCED else 0)
            self._measured(self._id, ClockSource.PICTURE, skew_ms, bound_ms)

    def _differ(self) -> bool:
        """True if no digit below ten minutes stood still in the readings."""
        digits = ((shown.minute % 10, shown.second // 10, shown.second % 10) for shown, _ in self._readings)
        return all(len(set(each)) > 1 for each in zip(*digits, strict=True))
