"""Reads a device's alarms: numbers of the standard's tables, and no text that a device writes beside them.

`AlarmDescription` is not read: firmware writes names and plates into it. Nor is the alarm's position.
"""

from dataclasses import dataclass
from typing import Final

DEVICE: Final = 2
VIDEO: Final = 5
FAULT: Final = 6
_PERSON: Final = frozenset({8, 9, 10})
"""AlarmType of a video alarm: loitering, a flow of people counted, a crowd."""
_KINDS: Final = {
    (DEVICE, 1): "video_loss",
    (DEVICE, 2): "tamper",
    (DEVICE, 3): "disk_full",
    (DEVICE, 4): "too_hot",
    (DEVICE, 5): "too_cold",
    (VIDEO, 1): "manual",
    (VIDEO, 2): "moving_object",
    (VIDEO, 3): "object_left",
    (VIDEO, 4): "object_removed",
    (VIDEO, 5): "line_crossed",
    (VIDEO, 6): "intrusion",
    (VIDEO, 7): "wrong_way",
    (VIDEO, 11): "video_abnormal",
    (VIDEO, 12): "fast_move",
    (VIDEO, 13): "covered",
    (FAULT, 1): "disk_fault",
    (FAULT, 2): "fan_fault",
}
_METHODS: Final = {1: "telephone", DEVICE: "device", 3: "sms", 4: "gps", VIDEO: "video", FAULT: "fault", 7: "other"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Notify Alarm. None where missing or no number."""

    priority: int | None
    """1 to 4, 1 the most urgent."""
    method: int | None
    alarm_type: int | None
    event_type: int | None
    """EventType of an intrusion: 1 enters, 2 leaves."""
    alarmed_at: str
    """Local time as the device writes it, for `Calendar.at_ms`."""

    @property
    def kind(self) -> str:
        """Names the alarm by its type, else by the method by which it came."""
        return _KINDS.get((self.method or 0, self.alarm_type or 0)) or _METHODS.get(self.method or 0, "unknown")

    @property
    def needs_reset(self) -> bool:
        """True if the device sends no further alarm before Control AlarmCmd ResetAlarm."""
        return self.method == DEVICE


def is_of_a_person(method: int | None, alarm_type: int | None) -> bool:
    """True for an alarm about persons: it is dropped and counted, not kept. A missing method counts as video."""
    return method in {VIDEO, None} and alarm_type in _PERSON
