"""What an endpoint is told: who the platform is, and which devices it knows."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.credentials.digest import Account
from edge_agent.gb28181.sip.moment import Calendar
from edge_agent.gb28181.sip.peer import Peer


@dataclass(frozen=True, slots=True)
class Device:
    """One that may register."""

    device_id: str
    heartbeat_s: float = 60.0
    set_guard: bool = False
    """Some cameras send no alarm before they are told SetGuard."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one platform."""

    platform_id: str
    realm: str
    port: int
    """Of SIP, as devices reach it."""
    devices: tuple[Device, ...]
    send_date: bool = True
    per_source_per_minute: int = 1200


@dataclass(frozen=True, slots=True)
class World:
    """What the core cannot know by itself: chance, the calendar, passwords, our own address."""

    token: Callable[[int], str]
    """So many random hex digits."""
    calendar: Calendar
    account: Callable[[str], Account | None]
    """What a device has to know; None where its password cannot be had, and then it has told why."""
    own_host: Callable[[Peer], str]
    """Our own address, as that peer can reach it."""
    key: bytes
    """Random, for this start."""
