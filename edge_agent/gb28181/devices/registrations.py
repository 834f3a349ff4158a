"""Holds which device is registered, from which address, and until when. One state table; time is an argument.

```
UNREGISTERED ─register─▶ ONLINE ─silence, connection closed─▶ LAPSED
      ▲                    ▲ │                                   │
      └──unregister, expiry┼─┘◀──────a word from that host───────┘
                           └──register, a word── RESTORED ◀─restore─ UNREGISTERED
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Final

from provisioning.sip.edition import Version
from provisioning.sip.errors import ProtocolError
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda


class RegistrationState(Enum):
    """State of a device's registration."""

    UNREGISTERED = auto()
    RESTORED = auto()
    """Registered before our restart. It counts as there until it has been silent for too long."""
    ONLINE = auto()
    LAPSED = auto()
    """Silent, or its connection closed; the registration has not expired, so that a message from its host revives
    it."""


class RegistrationEvent(Enum):
    """An event that changes a device's state."""

    REGISTER = auto()
    """A REGISTER with the right password."""
    RESTORE = auto()
    WORD = auto()
    """Any good request from the host that the device registered from."""
    UNREGISTER = auto()
    SILENCE = auto()
    CLOSED = auto()
    """The end of the device's TCP connection."""
    EXPIRY = auto()


NEXT: Final[Mapping[tuple[RegistrationState, RegistrationEvent], RegistrationState]] = {
    (RegistrationState.UNREGISTERED, RegistrationEvent.REGISTER): RegistrationState.ONLINE,
    (RegistrationState.UNREGISTERED, RegistrationEvent.RESTORE): RegistrationState.RESTORED,
    (RegistrationState.UNREGISTERED, RegistrationEvent.UNREGISTER): RegistrationState.UNREGISTERED,
    (RegistrationState.RESTORED, RegistrationEvent.REGISTER): RegistrationState.ONLINE,
    (RegistrationState.RESTORED, RegistrationEvent.WORD): RegistrationState.ONLINE,
    (RegistrationState.RESTORED, RegistrationEvent.UNREGISTER): RegistrationState.UNREGISTERED,
    (RegistrationState.RESTORED, RegistrationEvent.SILENCE): RegistrationState.LAPSED,
    (RegistrationState.RESTORED, RegistrationEvent.EXPIRY): RegistrationState.UNREGISTERED,
    (RegistrationState.ONLINE, RegistrationEvent.REGISTER): RegistrationState.ONLINE,
    (RegistrationState.ONLINE, RegistrationEvent.WORD): RegistrationState.ONLINE,
    (RegistrationState.ONLINE, RegistrationEvent.UNREGISTER): RegistrationState.UNREGISTERED,
    (RegistrationState.ONLINE, RegistrationEvent.SILENCE): RegistrationState.LAPSED,
    (RegistrationState.ONLINE, RegistrationEvent.CLOSED): RegistrationState.LAPSED,
    (RegistrationState.ONLINE, RegistrationEvent.EXPIRY): RegistrationState.UNREGISTERED,
    (RegistrationState.LAPSED, RegistrationEvent.REGISTER): RegistrationState.ONLINE,
    (RegistrationState.LAPSED, RegistrationEvent.WORD): RegistrationState.ONLINE,
    (RegistrationState.LAPSED, RegistrationEvent.UNREGISTER): RegistrationState.UNREGISTERED,
    (RegistrationState.LAPSED, RegistrationEvent.EXPIRY): RegistrationState.UNREGISTERED,
}
"""WORD of a device that is not registered is missing: that is `NotRegisteredError`, and the device registers again. Any
other missing step is a bug of the caller."""
THERE: Final = frozenset({RegistrationState.RESTORED, RegistrationState.ONLINE})
MISSED: Final = 3
"""Keepalives that may be missed (GB/T 28181-2022, 9.6)."""
GRACE_S: Final = 30.0
"""Seconds after an expiry: a device renews at the last moment, and its first packet may be lost."""


class Gone(StrEnum):
    """Reason for which a device counts as offline."""

    UNREGISTERED = "unregistered"
    SILENT = "silent"
    CLOSED = "connection_closed"
    EXPIRED = "expired"


class RegistrationResult(Enum):
    """Result of a registration, compared with the one before it."""

    NEW = auto()
    """The device was offline."""
    RENEWED = auto()
    MOVED = auto()
    """From another host or over another connection: what the device sent from there is over. Another UDP port is the
    same device behind NAT."""


class IllegalRegistrationEventError(ProtocolError):
    """The table has no step for this event in this state. The state stays as it was."""


class NotRegisteredError(ProtocolError):
    """The device has to register first, or again: it never did, its registration expired, or its host is another."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration, as it is kept over a restart."""

    device_id: str
    peer: Peer
    """Address at which the device was heard last."""
    version: Version
    registered_at_ms: int
    expires_at_ms: int
    keeps_alive: bool = False
    """True once the device has sent a keepalive: one that never does is silent by nature, and is queried instead."""


@dataclass(slots=True)
class _Device:
    patience_s: float
    state: RegistrationState = RegistrationState.UNREGISTERED
    registration: Registration | None = None
    heard_s: float = 0.0
    expires_s: float = 0.0


class Registrations:
    """Holds the registrations of all configured devices."""

    def __init__(self, heartbeat_s: Mapping[str, float]) -> None:
        """`heartbeat_s`: keepalive interval of each device, by device id."""
        self._devices = {device_id: _Device(MISSED * every_s) for device_id, every_s in heartbeat_s.items()}
        self._at: dict[Peer, dict[str, None]] = {}
        """Devices heard last at each address: a recorder, or a whole site behind one connection."""
        self._hosts: dict[str, int] = {}
        """Number of registrations from each host."""
        self._agenda: Agenda[str] = Agenda()

    # --- what happens

    def register(self, registration: Registration, life_s: float, now: Now) -> RegistrationResult:
        """Registers a device that has shown its password. An earlier registration from another address ends."""
        device = self._devices[registration.device_id]
        was, before = device.state, device.registration
        if before is not None:
            registration = replace(registration, keeps_alive=before.keeps_alive)
        self._move(registration.device_id, RegistrationEvent.REGISTER)
        self._put(device, registration, life_s, now)
        if was not in THERE or before is None:
            return RegistrationResult.NEW
        has_moved = _hop(before.peer) != _hop(registration.peer)
        if (
            was is RegistrationState.RESTORED
        ):  # a TCP connection does not outlive us; what was sent over it does not either
            has_moved = before.peer.host != registration.peer.host
        return (
            RegistrationResult.MOVED
            if has_moved
            else RegistrationResult.NEW
            if was is RegistrationState.RESTORED
            else RegistrationResult.RENEWED
        )

    def restore(self, registration: Registration, now: Now) -> bool:
        """Takes over a registration from before a restart; returns False if it has expired.

        One that holds is believed for a term more: a kill takes the last second of what was to be written, and with it
        the renewal of a device that renews a term later again. Silence shows all the same which devices are gone.
        """
        device = self._devices.get(registration.device_id)
        life_s = (registration.expires_at_ms - now.wall_ms) / 1000
        if device is None or life_s <= 0:
            return False
        term_s = (registration.expires_at_ms - registration.registered_at_ms) / 1000
        self._move(registration.device_id, RegistrationEvent.RESTORE)
        self._put(device, registration, life_s + term_s, now)
        return True

    def note_message(self, device_id: str, peer: Peer, now: Now, *, moves: bool) -> bool:
        """Notes a message of the device; returns True if it was offline.

        `moves`: it is reached at this address from now on.

        Raises:
            NotRegisteredError: it is not registered, or not from this host.
        """
        device = self._devices[device_id]
        registration = self.held(device_id)
        if registration.peer.host != peer.host:
            raise NotRegisteredError(f"device {device_id} is not registered from {peer.host}")
        was = device.state
        self._move(device_id, RegistrationEvent.WORD)
        device.heard_s = now.monotonic_s
        if was is not RegistrationState.ONLINE:
            self._plan(device_id, device)
        if (moves or was is not RegistrationState.ONLINE) and registration.peer != peer:
            self._leave(registration)
            device.registration = replace(registration, peer=peer)
            self._arrive(device.registration)
        return was is not RegistrationState.ONLINE

    def keeps_alive(self, device_id: str) -> bool:
        """Notes that the device sends keepalives; returns True at the first one."""
        device = self._devices[device_id]
        if device.registration is None or device.registration.keeps_alive:
            return False
        device.registration = replace(device.registration, keeps_alive=True)
        self._plan(device_id, device)
        return True

    def answered(self, device_id: str, now: Now) -> None:
        """Notes that the device answered a request of ours: it is alive."""
        device = self._devices[device_id]
        if device.state is RegistrationState.ONLINE:
            device.heard_s = now.monotonic_s

    def unregister(self, device_id: str) -> bool:
        """Ends a device's registration at its own request; returns True if it was online."""
        was = self._devices[device_id].state
        self._move(device_id, RegistrationEvent.UNREGISTER)
        self._drop(device_id)
        return was in THERE

    def silent(self, device_id: str) -> bool:
        """Marks a device as silent that did not answer a query either; returns True if it was online."""
        was = self._devices[device_id].state
        if was in THERE:
            self._move(device_id, RegistrationEvent.SILENCE)
        return was in THERE

    def closed(self, peer: Peer) -> list[str]:
        """Returns the devices that went offline because this TCP connection ended."""
        gone = [each for each in self._at.get(peer, ()) if self._devices[each].state is RegistrationState.ONLINE]
        for device_id in gone:
            self._move(device_id, RegistrationEvent.CLOSED)
        return gone

    # --- time

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `due` is to be called, at the latest."""
        return self._agenda.get_timer()

    def due(self, now: Now) -> tuple[list[tuple[str, Gone]], list[str]]:
        """Returns devices that went offline, and silent ones to be queried: they send no keepalives by nature."""
        gone: list[tuple[str, Gone]] = []
        ask: list[str] = []
        for device_id in self._agenda.take_due(now.monotonic_s):
            device = self._devices[device_id]
            was = device.state
            if now.monotonic_s >= device.expires_s:
                self._move(device_id, RegistrationEvent.EXPIRY)
                self._drop(device_id)
                if was in THERE:
                    gone.append((device_id, Gone.EXPIRED))
                continue
            if was in THERE and now.monotonic_s >= device.heard_s + device.patience_s:
                if self.held(device_id).keeps_alive or self.peer(device_id) is None:
                    self._move(device_id, RegistrationEvent.SILENCE)
                    gone.append((device_id, Gone.SILENT))
                else:
                    device.heard_s = now.monotonic_s
                    ask.append(device_id)
            self._plan(device_id, device)
        return gone, ask

    # --- what is known

    def __contains__(self, device_id: str) -> bool:
        """True if the device is configured."""
        return device_id in self._devices

    def state(self, device_id: str) -> RegistrationState:
        """Returns the device's state as of the last call."""
        return self._devices[device_id].state

    def registration(self, device_id: str) -> Registration | None:
        """Returns the device's registration; None without one."""
        return self._devices[device_id].registration

    def held(self, device_id: str) -> Registration:
        """Returns the device's registration.

        Raises:
            NotRegisteredError: it has none.
        """
        registration = self._devices[device_id].registration
        if registration is None:
            raise NotRegisteredError(f"device {device_id} is not registered")
        return registration

    def peer(self, device_id: str) -> Peer | None:
        """Returns the device's address. None: offline, or over TCP and not heard since our restart."""
        device = self._devices.get(device_id)
        if device is None or device.registration is None or device.state not in THERE:
            return None
        peer = device.registration.peer
        return None if device.state is RegistrationState.RESTORED and peer.transport == "tcp" else peer

    def at(self, peer: Peer) -> str | None:
        """Returns the device at this address; None where there is none, or several."""
        here = self._at.get(peer, {})
        return next(iter(here)) if len(here) == 1 else None

    def is_address(self, peer: Peer) -> bool:
        """True if a device was heard last at exactly this address."""
        return peer in self._at

    def is_host(self, host: str) -> bool:
        """True if a device is registered from this host."""
        return host in self._hosts

    def count(self) -> int:
        """Returns the number of devices that are online."""
        return sum(device.state in THERE for device in self._devices.values())

    # --- inside

    def _put(self, device: _Device, registration: Registration, life_s: float, now: Now) -> None:
        if device.registration is not None:
            self._leave(device.registration)
        device.registration = registration
        device.heard_s = now.monotonic_s
        device.expires_s = now.monotonic_s + life_s + GRACE_S
        self._arrive(registration)
        self._plan(registration.device_id, device)

    def _plan(self, device_id: str, device: _Device) -> None:
        """Plans the first moment at which something may be due; a message that came meanwhile is found then."""
        silent_s = device.heard_s + device.patience_s if device.state in THERE else device.expires_s
        self._agenda.plan(device_id, min(device.expires_s, silent_s))

    def _drop(self, device_id: str) -> None:
        device = self._devices[device_id]
        if device.registration is not None:
            self._leave(device.registration)
        device.registration = None
        self._agenda.cancel(device_id)

    def _arrive(self, registration: Registration) -> None:
        self._at.setdefault(registration.peer, {})[registration.device_id] = None
        self._hosts[registration.peer.host] = self._hosts.get(registration.peer.host, 0) + 1

    def _leave(self, registration: Registration) -> None:
        here = self._at[registration.peer]
        del here[registration.device_id]
        if not here:
            del self._at[registration.peer]
        host = registration.peer.host
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]

    def _move(self, device_id: str, event: RegistrationEvent) -> None:
        device = self._devices[device_id]
        try:
            device.state = NEXT[device.state, event]
        except KeyError:
            raise IllegalRegistrationEventError(
                f"device {device_id}: {event.name} in state {device.state.name}"
            ) from None


def _hop(peer: Peer) -> tuple[str, str, int]:
    return peer.host, peer.transport, peer.connection
