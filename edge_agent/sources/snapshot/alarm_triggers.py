"""Takes a GB/T 28181 device's alarms as a trigger for a picture, and nothing else of them."""

from collections.abc import Callable, Mapping
from typing import Final

from edge_agent.gb28181.devices.events import Alarmed, Event
from provisioning.contracts.config import processes

_KINDS: Final = frozenset({"moving_object", "line_crossed"})
"""Kinds of `alarms.Alarm` that trigger."""


class AlarmTriggers:
    """Passes alarms on to the cameras of their channel; of the device, where the alarm names no camera's channel."""

    def __init__(self) -> None:
        self._cameras: dict[tuple[str, str], Callable[[], None]] = {}

    def add(self, channel: processes.Gb28181Source, trigger: Callable[[], None]) -> None:
        """Adds a camera, before the platform runs."""
        self._cameras[channel.device_id, channel.channel_id] = trigger

    def heard(self, event: Event) -> None:
        """Takes every event of the platform."""
        match event:
            case Alarmed(device_id, channel_id, alarm) if alarm.kind in _KINDS:
                for trigger in _triggered(self._cameras, device_id, channel_id):
                    trigger()


def _triggered(
    cameras: Mapping[tuple[str, str], Callable[[], None]], device_id: str, channel_id: str
) -> list[Callable[[], None]]:
    named = cameras.get((device_id, channel_id))
    if named is not None:
        return [named]
    return [trigger for (other_id, _), trigger in cameras.items() if other_id == device_id]
