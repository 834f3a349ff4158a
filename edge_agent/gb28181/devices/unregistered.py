"""Lists devices that tried to register and are in no configuration, for the technician, who adopts or traces them."""

import re
from dataclasses import dataclass, replace
from typing import Final

from provisioning.sip.peer import Peer

MAX_STRANGERS: Final = 64
"""Past it the one that was heard longest ago is forgotten."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_AGENT: Final = re.compile(r"[ -~]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class UnknownDevice:
    """An unknown device: one address, one name."""

    device_id: str
    """Id that the device claims; `?` where it cannot be an id."""
    host: str
    port: int
    transport: str
    software: str
    """The User-Agent, as far as it is plain ASCII text: often maker and model."""
    why: str
    times: int
    last_ms: int


class UnknownDevices:
    """Holds at most `MAX_STRANGERS` unknown devices, the most recent last."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], UnknownDevice] = {}

    def knocked(self, device_id: str, peer: Peer, software: str, why: str, now_ms: int) -> UnknownDevice:
        """Counts one attempt of an unknown device, and returns its entry."""
        shown = device_id if _ID.fullmatch(device_id) else "?"
        agent = _AGENT.match(software)
        new = UnknownDevice(
            shown, peer.host, peer.port, peer.transport, agent[0].strip() if agent else "", why, 1, now_ms
        )
        before = self._known.pop((shown, peer.host), None)
        seen = new if before is None else replace(new, times=before.times + 1)
        self._known[shown, peer.host] = seen
        if len(self._known) > MAX_STRANGERS:
            del self._known[next(iter(self._known))]
        return seen

    def adopted(self, device_id: str, host: str) -> None:
        """Removes a device that has registered from this host."""
        self._known.pop((device_id, host), None)

    def listing(self) -> tuple[UnknownDevice, ...]:
        """Returns the unknown devices, the most recent last."""
        return tuple(self._known.values())
