"""Watches how long the indicators of live orders have been well. In memory: after a restart evidence begins anew."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from center.alarms.rules.inputs import Fault
from center.alarms.rules.kinds import CameraFault, OrderUrgency, PlatformFault
from center.alarms.rules.rule import Rule
from center.fleet.devices import Devices, DeviceState
from center.orders.writer import live_key

STALE_MS: Final = 30_000
"""Milliseconds without a look after which nothing is known: what was well counts anew."""


@dataclass(frozen=True, slots=True)
class WatchedIndicator:
    """Indicator of a live order."""

    place: str
    fault: str
    agent_id: str
    camera_id: str


@dataclass(frozen=True, slots=True)
class NamedFault:
    """A present fault that a rule names for an order."""

    fault: Fault
    rule_id: int
    urgency: OrderUrgency


class EvidenceWatch:
    """Knows the present faults that rules name, and since when each watched indicator has been well."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._lock = threading.Lock()
        self._watched: dict[str, WatchedIndicator] = {}
        self._well_ms: dict[str, int] = {}
        self._named: tuple[NamedFault, ...] = ()
        self._looked_ms: int | None = None

    def look(self, faults: Sequence[tuple[Fault, Sequence[Rule]]], boot_ms: int) -> None:
        """Takes the present faults with the rules that they match, at a time of the boot clock."""
        present = {live_key(fault.place, fault.code) for fault, _ in faults}
        named = [each for fault, rules in faults if (each := _named(fault, rules)) is not None]
        with self._lock:
            if not self._is_fresh(boot_ms):
                self._well_ms.clear()
            self._named, self._looked_ms = tuple(named), boot_ms
            for key, watched in self._watched.items():
                if key not in present and self._is_well(watched):
                    self._well_ms.setdefault(key, boot_ms)
                else:
                    self._well_ms.pop(key, None)

    def watch(self, watched: Mapping[str, WatchedIndicator]) -> None:
        """Watches these indicators from now on, and no others."""
        with self._lock:
            self._watched = dict(watched)
            for key in self._well_ms.keys() - watched.keys():
                del self._well_ms[key]

    def named(self, boot_ms: int) -> tuple[NamedFault, ...]:
        """Returns the faults that rules name; none while nothing is known."""
        with self._lock:
            return self._named if self._is_fresh(boot_ms) else ()

    def well_for_ms(self, key: str, boot_ms: int) -> int | None:
        """Returns how long an indicator has been well; None if it is not, or not known."""
        with self._lock:
            since_ms = self._well_ms.get(key) if self._is_fresh(boot_ms) else None
            return None if since_ms is None else boot_ms - since_ms

    def _is_fresh(self, boot_ms: int) -> bool:
        return self._looked_ms is not None and 0 <= boot_ms - self._looked_ms <= STALE_MS

    def _is_well(self, watched: WatchedIndicator) -> bool:
        """True if a camera or agent is online now, as far as the centre knows; a part has no fault."""
        if watched.camera_id:
            camera = self._devices.camera(watched.agent_id, watched.camera_id)
            return camera is not None and camera.state is DeviceState.ONLINE
        if watched.agent_id:
            return any(
                each.agent_id == watched.agent_id and each.state is DeviceState.ONLINE
                for each in self._devices.agents()
            )
        return True


def _named(fault: Fault, rules: Sequence[Rule]) -> NamedFault | None:
    """Returns a fault for which a rule wants an order; a key case before an ordinary one."""
    wanted = [
        (rule.text.what.order, rule.id)
        for rule in rules
        if isinstance(rule.text.what, CameraFault | PlatformFault) and rule.text.what.order is not None
    ]
    if not wanted:
        return None
    urgency, rule_id = min(wanted, key=lambda each: (each[0] is not OrderUrgency.KEY, each[1]))
    return NamedFault(fault, rule_id, urgency)
