"""Answers REGISTER (GB/T 28181-2022, 9.1; RFC 2617). Requests in, responses and events out.

A device is known by its id in the configuration and proves itself by its own password; there is no default password. A
device that is not known is refused and noted. A repeated Call-ID proves nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from edge_agent.gb28181.devices.events import Event, Forget, Keep, Knocked, Moved, Offline, Online, TurnedAway
from edge_agent.gb28181.devices.registrations import Gone, Registration, RegistrationResult, Registrations
from edge_agent.gb28181.devices.settings import Settings, World
from edge_agent.gb28181.devices.unregistered import UnknownDevices
from provisioning.net import digest
from provisioning.net.digest import LOCKED, REFUSED_LOGIN, Lockouts
from provisioning.sip import addresses, edition, message
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda

DEFAULT_LIFE_S: Final = 3600
"""Lifetime of a registration without an Expires header."""
LONGEST_LIFE_S: Final = 86400
_NONCES_EACH: Final = 2
"""Used nonces remembered a device: all devices may register within five minutes, and some of them twice."""
OURS: Final = ("X-GB-Ver", edition.OURS.value)
_UNKNOWN: Final = "no camera of this agent has its id"
NOT_OURS: Final = "it logs in with a nonce of its own and heeds no challenge: it cannot be let in; renew its firmware"
UNANSWERED: Final = (
    "it was asked for its password and gave none: set this platform's password in it; if one is set, it takes the"
    " question for a log-in: renew its firmware"
)
ANSWER_S: Final = 20.0
"""Seconds that a device has to log in after a challenge. The slowest device that was seen took less than one."""
_STALE_IN_A_ROW: Final = 2
"""Stale nonces in a row that are normal: a device may keep the nonce of its last registration, or one from before our
restart; it takes the next one."""


class Registrar:
    """Authenticates the devices of one platform and updates their registrations."""

    def __init__(
        self, settings: Settings, world: World, registrations: Registrations, emit: Callable[[Event], None]
    ) -> None:
        """`emit` takes the events, in their order."""
        self._send_date = settings.send_date
        self._world = world
        self._registrations = registrations
        self._emit = emit
        used = max(digest.MAX_USED, _NONCES_EACH * len(settings.devices))
        self._digest = digest.Digest(world.key, settings.realm, _is_sip, max_used=used)
        self._lockouts = Lockouts()
        self._stale: Counter[str] = Counter()
        """Old or foreign nonces since the last log-in, by configured device."""
        self._challenged: Agenda[str] = Agenda()
        """Devices that were challenged and have not answered."""
        self._asked_at: dict[str, str] = {}
        """The host that each challenged device registered from."""
        self.strangers = UnknownDevices()
        self.counts: Counter[str] = Counter()
        """REGISTER requests by their result."""

    def receive(self, request: Request, peer: Peer, now: Now) -> Response:
        """Returns the response to a REGISTER, and emits the events that follow from it."""
        device_id = self._known(request)
        if device_id is None:
            self._note_stranger(request, peer, now)
            return self._answer(request, 403, peer, "stranger")
        if self._lockouts.is_locked(device_id, peer.host, now.monotonic_s):
            return self._turn_away(request, device_id, peer, LOCKED)
        account = self._world.account(device_id)
        if account is None:
            return self._answer(request, 403, peer, "refused")  # the reader of passwords has reported why
        refusal = self._refusal(request, device_id, account, peer, now)
        if refusal is not None:
            return self._challenge(request, peer, now, refusal)
        self._lockouts.succeeded(device_id, peer.host)
        del self._stale[device_id]
        self.strangers.adopted(device_id, peer.host)
        return self._let_in(request, device_id, peer, now)

    def _refusal(self, request: Request, device_id: str, account: digest.Account, peer: Peer, now: Now) -> str | None:
        """Checks the digest. Returns the fault as the word that it is counted by; None: it is right."""
        claim = digest.parse(request.headers.get("Authorization") or "")
        if claim is None:
            self._await_answer(device_id, peer, now)
            return "challenged"
        self._challenged.cancel(device_id)
        if not self._digest.is_live(claim, peer.host, now.monotonic_s):
            self._stale[device_id] += 1
            if self._stale[device_id] > _STALE_IN_A_ROW:
                self._emit(TurnedAway(device_id, peer.host, NOT_OURS))
            return "stale"
        if self._digest.check(claim, account, "REGISTER", request.uri, now.monotonic_s):
            return None
        self._lockouts.failed(device_id, peer.host, now.monotonic_s)
        self._emit(TurnedAway(device_id, peer.host, REFUSED_LOGIN))
        return "wrong"

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due; None: no device owes an answer."""
        return self._challenged.get_timer()

    def handle_timer(self, now: Now) -> None:
        """Reports devices that were challenged and have not logged in within `ANSWER_S`.

        Some ignore the challenge and register again and again, some take it for success and wait.
        """
        for device_id in self._challenged.take_due(now.monotonic_s):
            self._emit(TurnedAway(device_id, self._asked_at.pop(device_id), UNANSWERED))

    def _await_answer(self, device_id: str, peer: Peer, now: Now) -> None:
        """Starts the deadline at the first challenge; a repeated one puts nothing off."""
        self._asked_at[device_id] = peer.host
        if self._challenged.at_s(device_id) is None:
            self._challenged.plan(device_id, now.monotonic_s + ANSWER_S)

    def _let_in(self, request: Request, device_id: str, peer: Peer, now: Now) -> Response:
        asked_s = addresses.expires(request)
        life_s = DEFAULT_LIFE_S if asked_s is None else min(asked_s, LONGEST_LIFE_S)
        headers = [("Expires", str(life_s)), OURS]
        contact = addresses.uri(request.headers.get("Contact") or "")
        if contact:
            headers.insert(0, ("Contact", f"<{contact}>;expires={life_s}"))
        if self._send_date:
            headers.append(("Date", self._world.calendar.text(now.wall_ms, with_ms=True)))
        if life_s:
            self._register(request, device_id, peer, life_s, now)
        elif self._registrations.unregister(device_id):
            self._emit(Forget(device_id))
            self._emit(Offline(device_id, Gone.UNREGISTERED))
        self.counts["registered" if life_s else "unregistered"] += 1
        return message.answer(request, 200, peer, to_tag=self._world.token(16), headers=headers)

    def _register(self, request: Request, device_id: str, peer: Peer, life_s: int, now: Now) -> None:
        registration = Registration(
            device_id=device_id,
            peer=peer,
            version=edition.of(request.headers.get("X-GB-Ver")),
            registered_at_ms=now.wall_ms,
            expires_at_ms=now.wall_ms + life_s * 1000,
        )
        arrival = self._registrations.register(registration, life_s, now)
        kept = self._registrations.held(device_id)
        self._emit(Keep(kept))
        if arrival is RegistrationResult.MOVED:
            self._emit(Moved(kept))
        elif arrival is RegistrationResult.NEW:
            self._emit(Online(kept))

    def _known(self, request: Request) -> str | None:
        """Returns the device's id by From, Contact or To: devices behind gateways put it in one of the last two."""
        users = (addresses.user(request.headers.get(name) or "") for name in ("From", "Contact", "To"))
        return next((user for user in users if user in self._registrations), None)

    def _note_stranger(self, request: Request, peer: Peer, now: Now) -> None:
        user = addresses.user(request.headers.get("From") or "")
        software = request.headers.get("User-Agent") or ""
        self._emit(Knocked(self.strangers.knocked(user, peer, software, _UNKNOWN, now.wall_ms)))

    def _turn_away(self, request: Request, device_id: str, peer: Peer, why: str) -> Response:
        self._emit(TurnedAway(device_id, peer.host, why))
        return self._answer(request, 403, peer, "refused")

    def _challenge(self, request: Request, peer: Peer, now: Now, counted: str) -> Response:
        value = self._digest.challenge(peer.host, now.monotonic_s, stale=counted == "stale")
        return self._answer(request, 401, peer, counted, ("WWW-Authenticate", value))

    def _answer(self, request: Request, status: int, peer: Peer, counted: str, *more: tuple[str, str]) -> Response:
        self.counts[counted] += 1
        return message.answer(request, status, peer, to_tag=self._world.token(16), headers=(*more, OURS))


def _is_sip(claimed: str, _: str) -> bool:
    """Accepts any SIP address in the digest: devices write the platform's, its host and port, or their own."""
    return bool(addresses.uri(claimed))
