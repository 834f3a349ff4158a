"""Subscriptions of the platform: SUBSCRIBE and the dialogs of NOTIFY (GB/T 28181 section 9.11)."""

import math
from dataclasses import dataclass

from provisioning.demo.simulators.gb28181 import manscdp, sip_text
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import DeviceSignalling, Leg, Purpose
from provisioning.demo.simulators.gb28181.moments import Instant
from provisioning.demo.simulators.gb28181.sip_text import SipMessage

_MAX_OPEN = 16


@dataclass(slots=True)
class _Subscription:
    leg: Leg
    event: str
    command: str
    ends_s: float


class Subscriptions:
    """Subscriptions of the platform at one device."""

    __slots__ = ("_line", "_open")

    def __init__(self, line: DeviceSignalling) -> None:
        self._line = line
        self._open: dict[str, _Subscription] = {}

    def asked(self, request: SipMessage, now: Instant) -> None:
        """Handles a SUBSCRIBE: a new one, a refresh, or with Expires 0 the end of one."""
        call_id = request.get("call-id")
        word = manscdp.read(request.body)
        known = self._open.get(call_id)
        if known is None and word is None:
            self._line.reply(request, 400)
            return
        text = request.get("expires")
        expires_s = int(text) if text.isdecimal() and len(text) < 8 else 3600
        tag = sip_text.parameter(known.leg.local, "tag") if known else self._line.token(8)
        self._line.reply(
            request, 200, to_tag=tag, headers=[("Expires", str(expires_s)), ("Contact", self._line.contact)]
        )
        if expires_s == 0:
            self._open.pop(call_id, None)
        elif known is not None:
            known.ends_s = now.mono_s + expires_s
        elif word is not None:
            self._line.counts.subscriptions += 1
            local = (
                request.get("to") if sip_text.parameter(request.get("to"), "tag") else f"{request.get('to')};tag={tag}"
            )
            target = sip_text.uri(request.get("contact")) or self._line.platform
            leg = Leg(call_id, local, request.get("from"), target)
            while len(self._open) >= _MAX_OPEN:
                del self._open[next(iter(self._open))]
            self._open[call_id] = _Subscription(leg, request.get("event"), word.command, now.mono_s + expires_s)

    def notify(self, command: str, body: bytes, now: Instant) -> bool:
        """Sends a NOTIFY to the subscriber. Returns whether there is one."""
        line = self._line
        found = self._find(command, now)
        if line.profile.has(DeviceFault.NOTIFY_UNKNOWN_DIALOG):
            found = _Subscription(line.new_leg(), "presence", command, math.inf)
            found.leg.remote += f";tag={line.token(8)}"
        if found is None:
            return False
        left_s = 600 if math.isinf(found.ends_s) else int(found.ends_s - now.mono_s)
        headers = [
            ("Event", found.event),
            ("Subscription-State", f"active;expires={left_s}"),
            ("Contact", line.contact),
        ]
        line.send_request(now, Purpose.NOTICE, "NOTIFY", found.leg, headers, body)
        return True

    def forget(self) -> None:
        """Drops all subscriptions, since the device starts anew."""
        self._open.clear()

    def _find(self, command: str, now: Instant) -> _Subscription | None:
        for call_id in [call_id for call_id, known in self._open.items() if known.ends_s <= now.mono_s]:
            del self._open[call_id]
        return next((known for known in self._open.values() if known.command == command), None)
