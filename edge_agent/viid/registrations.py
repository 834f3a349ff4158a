"""Holds which device is registered, from which address, and until when. One state table; time is an argument."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class ViidRegistrationState(Enum):
    """State of a device's registration."""

    UNREGISTERED = auto()
    REGISTERED = auto()


class ViidRegistrationEvent(Enum):
    """An event that changes a device's state."""

    REGISTER = auto()
    """A Register with the right password."""
    WORD = auto()
    """Any good request from the registered address: a keepalive or pictures."""
    UNREGISTER = auto()
    SILENCE = auto()
    """Three keepalives were missed."""


NEXT: Final = {
    (ViidRegistrationState.UNREGISTERED, ViidRegistrationEvent.REGISTER): ViidRegistrationState.REGISTERED,
    (ViidRegistrationState.UNREGISTERED, ViidRegistrationEvent.UNREGISTER): ViidRegistrationState.UNREGISTERED,
    (ViidRegistrationState.UNREGISTERED, ViidRegistrationEvent.SILENCE): ViidRegistrationState.UNREGISTERED,
    (ViidRegistrationState.REGISTERED, ViidRegistrationEvent.REGISTER): ViidRegistrationState.REGISTERED,
    (ViidRegistrationState.REGISTERED, ViidRegistrationEvent.WORD): ViidRegistrationState.REGISTERED,
    (ViidRegistrationState.REGISTERED, ViidRegistrationEvent.UNREGISTER): ViidRegistrationState.UNREGISTERED,
    (ViidRegistrationState.REGISTERED, ViidRegistrationEvent.SILENCE): ViidRegistrationState.UNREGISTERED,
}
"""WORD of an unregistered device is missing: that is `ViidNotRegisteredError`, and the device registers again."""
MISSED: Final = 3
"""Keepalives missed after which a registration lapses."""


class ViidNotRegisteredError(Exception):
    """The device has to register first, or again: it never did, was silent for too long, or comes from elsewhere."""


@dataclass(slots=True)
class _Registration:
    state: ViidRegistrationState = ViidRegistrationState.UNREGISTERED
    source: str = ""
    heard_s: float = 0.0


class ViidRegistrations:
    """Holds the registrations of all configured devices. Each holds for the address that it came from."""

    def __init__(self, keepalive_s: Mapping[str, float]) -> None:
        """`keepalive_s`: the interval of each device, by device id."""
        self._life_s = {device_id: MISSED * interval_s for device_id, interval_s in keepalive_s.items()}
        self._devices = {device_id: _Registration() for device_id in keepalive_s}

    def register(self, device_id: str, source: str, now_s: float) -> None:
        """Registers a device that has shown its password. An earlier registration from another address ends."""
        self._move(device_id, ViidRegistrationEvent.REGISTER)
        device = self._devices[device_id]
        device.source, device.heard_s = source, now_s

    def note_message(self, device_id: str, source: str, now_s: float) -> None:
        """Notes a message of a device.

        Raises:
            NotRegisteredError: it is not registered, or not from this address.
        """
        self._mind_silence(device_id, now_s)
        device = self._devices[device_id]
        if device.source != source:
            raise ViidNotRegisteredError(device_id)
        self._move(device_id, ViidRegistrationEvent.WORD)
        device.heard_s = now_s

    def unregister(self, device_id: str) -> None:
        """Ends a device's registration at its own request."""
        self._move(device_id, ViidRegistrationEvent.UNREGISTER)

    def state(self, device_id: str, now_s: float) -> ViidRegistrationState:
        """Returns a device's state as of now."""
        self._mind_silence(device_id, now_s)
        return self._devices[device_id].state

    def at(self, source: str, now_s: float) -> tuple[str, ...]:
        """Returns the devices registered from an address."""
        return tuple(
            device_id
            for device_id, device in self._devices.items()
            if device.source == source and self.state(device_id, now_s) is ViidRegistrationState.REGISTERED
        )

    def _mind_silence(self, device_id: str, now_s: float) -> None:
        device = self._devices[device_id]
        if device.state is ViidRegistrationState.REGISTERED and now_s - device.heard_s > self._life_s[device_id]:
            self._move(device_id, ViidRegistrationEvent.SILENCE)

    def _move(self, device_id: str, event: ViidRegistrationEvent) -> None:
        device = self._devices[device_id]
        try:
            device.state = NEXT[device.state, event]
        except KeyError:
            raise ViidNotRegisteredError(device_id) from None
