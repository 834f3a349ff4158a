"""Admits or refuses requests. Heads of requests in, admission or answer out; times and the random key are arguments.

Register and UnRegister need the digest of a known device. Everything else needs a live registration, and has to come
from the address that registered: `User-Identify` alone could be forged by anyone. A refused request gets a fresh
challenge, because that is what makes a device register again after a restart of ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from edge_agent.viid import bodies, protocol
from edge_agent.viid.counters import Count, Counters
from edge_agent.viid.json_reader import MalformedBodyError
from edge_agent.viid.protocol import StatusCode, ViidAnswer, ViidRoute, is_same_path, route
from edge_agent.viid.registrations import ViidNotRegisteredError, ViidRegistrations
from provisioning.net import digest
from provisioning.net.digest import LOCKED, REFUSED_LOGIN, Lockouts
from provisioning.net.rates import TokenBuckets

SESSIONS: Final = {ViidRoute.REGISTER: "register", ViidRoute.UNREGISTER: "unregister", ViidRoute.KEEPALIVE: "keepalive"}
REALM: Final = "viid"
_MAX_SHOWN_PATH: Final = 256
_ID_DIGITS: Final = 20


class DigestResult(Enum):
    """Result of checking an Authorization header."""

    GOOD = auto()
    WRONG = auto()
    STALE = auto()
    """Its nonce is not ours, too old, or used already: nothing is said against the password."""


@dataclass(frozen=True, slots=True)
class Head:
    """The line and headers of a request, before its body."""

    method: str
    path: str
    source: str
    """Address that the request comes from."""
    device_id: str = ""
    """The `User-Identify` header; empty without one."""
    authorization: str = ""

    @property
    def shown_path(self) -> str:
        """The path as it goes back in an answer."""
        return self.path[:_MAX_SHOWN_PATH]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request is admitted: its body may come."""

    route: ViidRoute
    devices: tuple[str, ...]
    """Ids of the sending device. Several: the request named none, and its body must name one of these."""


class AdmissionControl:
    """Checks requests against the configured devices, their registrations, and the lockouts."""

    def __init__(
        self,
        server_id: str,
        keepalive_s: Mapping[str, float],
        account: Callable[[str], digest.Account | None],
        counters: Counters,
        turned_away: Callable[[str, str, str], None],
        *,
        key: bytes,
        per_minute: int,
    ) -> None:
        """`keepalive_s`: of every device, by its id. `account`: None where its password cannot be read.

        `turned_away` takes device, address and reason.
        """
        self._server_id = server_id
        self._account = account
        self._counters = counters
        self._turned_away = turned_away
        self._digest = digest.Digest(key, REALM, is_same_path)
        self._registrations = ViidRegistrations(keepalive_s)
        self._known = frozenset(keepalive_s)
        self._lockouts = Lockouts()
        self._rates = TokenBuckets(per_minute)

    def knock(self, head: Head, now_s: float, now_ms: int) -> Admitted | ViidAnswer:
        """Identifies the device before the body comes, and admits or answers its request."""
        wanted = route(head.method, head.path)
        if wanted is ViidRoute.TIME:
            return protocol.system_time(self._server_id, now_ms)
        if wanted is ViidRoute.NOWHERE:
            code, status = StatusCode.INVALID_OPERATION, HTTPStatus.NOT_FOUND
            return protocol.single(code, head.device_id, head.shown_path, now_ms, status)
        if wanted in SESSIONS:
            return Admitted(wanted, (head.device_id,))
        devices = (head.device_id,) if head.device_id else self._registrations.at(head.source, now_s)
        if not devices or (head.device_id and not self._is_welcome(head.device_id, head, now_s, now_ms)):
            return self._challenge(head, now_s, now_ms)
        if not self._rates.allow(devices[0] if len(devices) == 1 else f"at {head.source}", now_s):
            self._counters.add(devices[0], Count.BUSY)
            return protocol.busy(devices[0], head.shown_path, now_ms)
        return Admitted(wanted, devices)

    def session(self, head: Head, admitted: Admitted, body: bytes, now_s: float, now_ms: int) -> tuple[ViidAnswer, str]:
        """Executes Register, UnRegister or Keepalive; returns the answer, and the device's id while it is alive."""
        device_id = head.device_id or self._named_in(body, admitted.route) or self._alone_at(head.source, now_s)
        if admitted.route is ViidRoute.KEEPALIVE:
            if not self._is_welcome(device_id, head, now_s, now_ms):
                return self._challenge(head, now_s, now_ms), ""
            return protocol.single(StatusCode.OK, device_id, head.shown_path, now_ms), device_id
        if self._lockouts.is_locked(device_id, head.source, now_s):
            self._turned_away(device_id, head.source, LOCKED)
            code, status = StatusCode.INVALID_OPERATION, HTTPStatus.FORBIDDEN
            return protocol.single(code, device_id, head.shown_path, now_ms, status), ""
        verdict = self._verdict(device_id, head, now_s, now_ms)
        if verdict is not DigestResult.GOOD:
            return self._challenge(head, now_s, now_ms, stale=verdict is DigestResult.STALE), ""
        answer = protocol.single(StatusCode.OK, device_id, head.shown_path, now_ms)
        if admitted.route is ViidRoute.UNREGISTER:
            self._registrations.unregister(device_id)
            return answer, ""
        self._registrations.register(device_id, head.source, now_s)
        return answer, device_id

    def owner(self, head: Head, admitted: Admitted, stated: str, now_s: float) -> str:
        """Returns the device that an object belongs to: the registered one, or the named one of several; else empty.

        A DeviceID inside may have 22 digits, the last two for a channel.
        """
        if head.device_id or (len(admitted.devices) == 1 and not stated):
            device_id = admitted.devices[0]
        else:
            device_id = stated[:_ID_DIGITS]
        if device_id not in admitted.devices:
            return ""
        try:
            self._registrations.note_message(device_id, head.source, now_s)
        except ViidNotRegisteredError:  # lapsed meanwhile: a body can take its time
            return ""
        return device_id

    def _named_in(self, body: bytes, wanted: ViidRoute) -> str:
        try:
            return bodies.device_id(body, SESSIONS[wanted])
        except MalformedBodyError:
            return ""

    def _alone_at(self, source: str, now_s: float) -> str:
        """Returns the one device that is registered from this address; empty for none, or several."""
        devices = self._registrations.at(source, now_s)
        return devices[0] if len(devices) == 1 else ""

    def _is_welcome(self, device_id: str, head: Head, now_s: float, now_ms: int) -> bool:
        """True if the device is registered from there and sends no wrong password: some repeat an old header."""
        if device_id not in self._known:
            self._note_stranger(device_id, head, now_ms)
            return False
        if self._verdict(device_id, head, now_s, now_ms) is DigestResult.WRONG:
            return False
        try:
            self._registrations.note_message(device_id, head.source, now_s)
        except ViidNotRegisteredError:
            return False
        return True

    def _verdict(self, device_id: str, head: Head, now_s: float, now_ms: int) -> DigestResult | None:
        """Checks the Authorization header; None when there is none, or one that is no digest."""
        claim = digest.parse(head.authorization)
        if claim is None:
            return None
        if device_id not in self._known:
            self._note_stranger(device_id, head, now_ms)
            return DigestResult.WRONG
        if self._lockouts.is_locked(device_id, head.source, now_s):
            return DigestResult.WRONG
        if not self._digest.is_live(claim, head.source, now_s):
            return DigestResult.STALE
        account = self._account(device_id)
        if account is not None and self._digest.check(claim, account, head.method, head.path, now_s):
            self._lockouts.succeeded(device_id, head.source)
            return DigestResult.GOOD
        self._counters.add(device_id, Count.REFUSED)
        self._lockouts.failed(device_id, head.source, now_s)
        if account is not None:
            self._turned_away(device_id, head.source, REFUSED_LOGIN)
        return DigestResult.WRONG

    def _note_stranger(self, device_id: str, head: Head, now_ms: int) -> None:
        if device_id:
            seen = self._counters.stranger(device_id, head.source, now_ms)
            self._turned_away(seen.device_id, head.source, "no camera of this agent has its id")

    def _challenge(self, head: Head, now_s: float, now_ms: int, *, stale: bool = False) -> ViidAnswer:
        challenge = self._digest.challenge(head.source, now_s, stale=stale)
        return protocol.unauthorized(challenge, head.device_id, head.shown_path, now_ms)
