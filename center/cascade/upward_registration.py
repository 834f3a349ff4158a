"""Registers with a superior: challenge and digest, renewal, and back-off after each failure. Pure.

A challenge is answered only within our own REGISTER, and once: another one after it means that the password is wrong,
unless it says that the nonce was stale. The Date of an answer sets no clock.
"""

from enum import StrEnum
from typing import Final

from center.cascade.upward_requests import Token, UpwardDialog, UpwardRequests
from provisioning.contracts.config.cascade import Superior
from provisioning.net.digest import Account
from provisioning.net.digest_answer import answer
from provisioning.sip import addresses
from provisioning.sip.message import Request, Response

FIRST_PAUSE_S: Final = 10.0
LONGEST_PAUSE_S: Final = 300.0
STEADY_S: Final = 300.0
"""Seconds for which a registration must have held before the next failure begins with the first pause again."""
RENEWED_AT: Final = 0.8
"""Share of its life at which a registration is renewed."""
_LEAST_LIFE_S: Final = 30
_ALGORITHMS: Final = ("SHA-256", "MD5")
"""In the order in which they are taken, where a superior offers several."""
_MOST_PROOFS: Final = 3
"""Challenges answered in one attempt: a superior that calls each nonce stale gets no more."""


class RegistrationState(StrEnum):
    """State of our registration with one superior."""

    AWAY = "away"
    ASKING = "asking"
    """A REGISTER without digest is on its way."""
    PROVING = "proving"
    """The digest is on its way."""
    REGISTERED = "registered"
    LEAVING = "leaving"


class RegistrationFault(StrEnum):
    """Reason that there is no registration, as it is counted, audited and shown."""

    NEVER = "never"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a fault's name
    REFUSED = "refused"
    DIGEST_UNKNOWN = "digest_unknown"
    REDIRECTED = "redirected"
    KEEPALIVE_LOST = "keepalive_lost"
    CONNECTION_LOST = "connection_lost"
    LOOP = "loop"


class UpwardRegistration:
    """Our registration with one superior. Times are monotonic seconds."""

    def __init__(
        self, settings: Superior, account: Account, requests: UpwardRequests, token: Token, jitter: float
    ) -> None:
        """`jitter`, 0 to 1, spreads the retries of several superiors and centres."""
        self._settings = settings
        self._account = account
        self._requests = requests
        self._token = token
        self._jitter = jitter
        self.dialog: UpwardDialog = requests.registration()
        """Identifiers of our REGISTERs since the registration was last begun."""
        self._expires_s = settings.expires_s
        self._challenge = ""
        self._proofs = 0
        self._pause_s = FIRST_PAUSE_S
        self._since_s = 0.0
        self._due_s: float | None = None
        """Moment of the next REGISTER: a renewal, or the retry after a failure."""
        self._ends_s = 0.0
        self.state = RegistrationState.AWAY
        self.fault: RegistrationFault | None = RegistrationFault.NEVER
        self.status = 0
        """SIP status of the refusal; 0 without one."""
        self._is_in = False

    @property
    def is_registered(self) -> bool:
        """True from the superior's 200 to the end of what it granted; a renewal on its way changes nothing."""
        return self._is_in

    def get_timer(self) -> float | None:
        """Returns the second at which `due` is to be called; None: nothing is planned."""
        return self._due_s

    def begin(self) -> Request:
        """Begins to register, at once."""
        self.dialog = self._requests.registration()
        return self._ask()

    def due(self, now_s: float) -> Request | None:
        """Returns the REGISTER that is due."""
        if self._due_s is None or now_s < self._due_s:
            return None
        if self._is_in and now_s >= self._ends_s:
            self._is_in = False
        return self._ask() if self._is_in else self.begin()

    def leave(self, fault: RegistrationFault | None = None) -> Request | None:
        """Ends the registration and plans no other; returns the REGISTER that tells the superior, if it knows us."""
        was_in = self._is_in
        self._gone()
        self.fault = fault
        if not was_in:
            return None
        self.state, self._proofs = RegistrationState.LEAVING, 0
        return self._requests.register(self.dialog, 0)

    def answered(self, response: Response, now_s: float) -> Request | None:
        """Takes the answer to our REGISTER; returns the next one, if there is one to send at once."""
        if response.status < 200 or self.state in {RegistrationState.AWAY, RegistrationState.REGISTERED}:
            return None
        is_leaving = self.state is RegistrationState.LEAVING
        if response.status == 401:
            proved = self._proof(response, 0 if is_leaving else self._expires_s)
            if proved is None and is_leaving:
                self._gone()
            elif proved is None:
                known = self._challenge != ""
                self.lost(RegistrationFault.WRONG_PASSWORD if known else RegistrationFault.DIGEST_UNKNOWN, now_s)
            return proved
        if is_leaving:
            self._gone()
            return None
        if response.status == 423:
            return self._longer(response, now_s)
        if 300 <= response.status < 400:
            self.lost(RegistrationFault.REDIRECTED, now_s)
        elif response.status >= 400:
            had_password = self.state is RegistrationState.PROVING and response.status == 403
            self.lost(RegistrationFault.WRONG_PASSWORD if had_password else RegistrationFault.REFUSED, now_s)
            self.status = response.status
        else:
            self._granted(response, now_s)
        return None

    def timed_out(self, now_s: float) -> None:
        """Takes that no answer came."""
        if self.state is RegistrationState.LEAVING:
            self._gone()
        else:
            self.lost(RegistrationFault.NO_ANSWER, now_s)

    def lost(self, fault: RegistrationFault, now_s: float, *, at_once: bool = False) -> None:
        """Ends the registration, and plans the next attempt: `at_once`, or after a pause that doubles."""
        if self._is_in and now_s - self._since_s >= STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        self._gone()
        self.fault = fault
        pause_s = 0.0 if at_once else self._pause_s * (1 + 0.2 * self._jitter)
        if not at_once:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._due_s = now_s + pause_s

    def _ask(self) -> Request:
        self.state, self._due_s, self._challenge = RegistrationState.ASKING, None, ""
        self._proofs = 0
        return self._requests.register(self.dialog, self._expires_s)

    def _gone(self) -> None:
        self.state, self._due_s, self._challenge, self._is_in, self.status = RegistrationState.AWAY, None, "", False, 0

    def _proof(self, response: Response, expires_s: int) -> Request | None:
        """Answers a challenge; None for one that was answered already, or asks for a digest that is not known."""
        offered = response.headers.all("WWW-Authenticate")
        is_stale = any("stale=true" in each.replace(" ", "").lower() for each in offered)
        if (self._challenge and not is_stale) or self._proofs >= _MOST_PROOFS:
            return None
        for algorithm in _ALGORITHMS:
            for challenge in offered:
                value = answer(
                    challenge,
                    self._account,
                    "REGISTER",
                    self._requests.uri,
                    self._token,
                    algorithms=frozenset({algorithm}),
                )
                if value is None or challenge == self._challenge:
                    continue
                if self.state is not RegistrationState.LEAVING:
                    self.state = RegistrationState.PROVING
                self._challenge = challenge
                self._proofs += 1
                return self._requests.register(self.dialog, expires_s, ("Authorization", value))
        return None

    def _longer(self, response: Response, now_s: float) -> Request | None:
        """Asks for the interval that the superior wants at least (423)."""
        least = response.headers.get("Min-Expires") or ""
        if not least.isascii() or not least.isdigit() or len(least) > 7 or int(least) <= self._expires_s:
            self.lost(RegistrationFault.REFUSED, now_s)
            self.status = response.status
            return None
        self._expires_s = int(least)
        return self._ask()

    def _granted(self, response: Response, now_s: float) -> None:
        granted_s = addresses.expires(response)
        life_s = max(_LEAST_LIFE_S, min(granted_s or self._expires_s, self._expires_s))
        if not self._is_in:
            self._since_s = now_s
        self.state, self.fault, self.status, self._is_in = RegistrationState.REGISTERED, None, 0, True
        self._ends_s, self._due_s = now_s + life_s, now_s + RENEWED_AT * life_s
