"""Defines the settings of an endpoint: the platform's identity, and the devices that may register."""

from collections.abc import Callable
from dataclasses import dataclass

from provisioning.net.digest import Account
from provisioning.sip.moment import Calendar
from provisioning.sip.peer import Peer


@dataclass(frozen=True, slots=True)
class Device:
    """A device that may register."""

    device_id: str
    heartbeat_s: float = 60.0
    set_guard: bool = False
    """Some cameras send no alarm before SetGuard."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one platform."""

    platform_id: str
    realm: str
    port: int
    """SIP port, as devices reach it."""
    devices: tuple[Device, ...]
    send_date: bool = True
    per_source_per_minute: int = 1200


@dataclass(frozen=True, slots=True)
class World:
    """Provides what the core cannot know by itself: chance, the calendar, passwords, our own address."""

    token: Callable[[int], str]
    """Returns so many random hex digits."""
    calendar: Calendar
    account: Callable[[str], Account | None]
    """Returns a device's user name and password; None where the password cannot be read, which its reader has
    reported."""
    own_host: Callable[[Peer], str]
    """Returns our own address, as that peer can reach it."""
    key: bytes
    """Random secret of this start, which signs the nonces."""
