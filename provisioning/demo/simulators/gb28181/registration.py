"""Registers a device by digest (RFC 2617), keeps it registered, and handles refusals (GB/T 28181 section 9.1)."""

import hashlib
import math
import random
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181 import sip_text
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import DeviceSignalling, Purpose
from provisioning.demo.simulators.gb28181.moments import Instant
from provisioning.demo.simulators.gb28181.sip_text import SipMessage

_PAIR: Final = re.compile(r"([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|([^,\s]+))")
_MAX_DOUBLINGS: Final = 3


class Challenge(NamedTuple):
    """Content of a WWW-Authenticate header."""

    realm: str
    nonce: str
    qop: bool
    """True if qop=auth is offered."""
    opaque: str | None
    algorithm: str | None


def challenge(header: str) -> Challenge | None:
    """Reads WWW-Authenticate; None if it is no digest."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest":
        return None
    parameters = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(rest)}
    offered = {word.strip() for word in parameters.get("qop", "").split(",")}
    return Challenge(
        parameters.get("realm", ""),
        parameters.get("nonce", ""),
        "auth" in offered,
        parameters.get("opaque"),
        parameters.get("algorithm"),
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class ChallengeAnswer:
    """Answers one challenge repeatedly, counting as `nc`."""

    __slots__ = ("_cnonce", "_count", "asked")

    def __init__(self, asked: Challenge, token: Callable[[int], str]) -> None:
        self.asked = asked
        self._cnonce = token(8)
        self._count = 0

    def header(
        self, username: str, password: str, method: str, uri: str, faults: AbstractSet[DeviceFault] = frozenset()
    ) -> str:
        """Returns the value of Authorization for one request."""
        asked = self.asked
        first = _md5(f"{username}:{asked.realm}:{password}")
        second = _md5(f"{method}:{uri}")
        pairs = [("username", username), ("realm", asked.realm), ("nonce", asked.nonce), ("uri", uri)]
        if asked.qop and not faults & {DeviceFault.QOP_NOT_ECHOED, DeviceFault.QOP_NULL}:
            self._count += 1
            count = f"{self._count:08x}"
            response = _md5(f"{first}:{asked.nonce}:{count}:{self._cnonce}:auth:{second}")
            bare = [("qop", "auth"), ("nc", count)]
            pairs.append(("cnonce", self._cnonce))
        else:
            response = _md5(f"{first}:{asked.nonce}:{second}")
            bare = []
            if DeviceFault.QOP_NULL in faults:
                pairs.append(("qop", "null"))
        if DeviceFault.UPPER_CASE_DIGEST in faults:
            response = response.upper()
        pairs.append(("response", response))
        if asked.opaque is not None:
            pairs.append(("opaque", asked.opaque))
        bare.append(("algorithm", asked.algorithm or "MD5"))
        mark = "" if DeviceFault.UNQUOTED_DIGEST in faults else '"'
        written = [f"{name}={mark}{value}{mark}" for name, value in pairs] + [f"{name}={value}" for name, value in bare]
        return "Digest " + ", ".join(written)


class RegistrationState(Enum):
    """State of a device's registration."""

    OFF = auto()
    """Never registered, or un-registered."""
    ASKING = auto()
    """A REGISTER is pending; an earlier registration no longer counts."""
    REGISTERED = auto()
    REFRESHING = auto()
    """Registered, and a REGISTER is pending."""
    RESTING = auto()
    """Refused or unanswered; tries again later."""
    LEAVING = auto()


class RegistrationOutcome(Enum):
    """Outcome of an answer to REGISTER."""

    NOTHING = auto()
    REGISTERED = auto()
    LEFT = auto()
    REFUSED = auto()


class Registration:
    """Registration of one device; `due_s` is the time of the next call of `due`."""

    __slots__ = (
        "_challenges",
        "_digest",
        "_fails",
        "_leg",
        "_line",
        "_random",
        "_zero_first",
        "due_s",
        "expires_s",
        "state",
    )

    def __init__(self, line: DeviceSignalling, rng: random.Random) -> None:
        self._line = line
        self._random = rng
        self._leg = line.new_leg()
        self._digest: ChallengeAnswer | None = None
        self._challenges = 0
        """Challenges in a row: the second one is a refusal, unless it says stale; the third one always is."""
        self._fails = 0
        self._zero_first = line.profile.has(DeviceFault.UNREGISTERS_FIRST)
        self.expires_s = line.profile.expires_s
        self.state = RegistrationState.OFF
        self.due_s = math.inf

    @property
    def holds(self) -> bool:
        """True after a 200 of the platform, until it expires."""
        return self.state in {RegistrationState.REGISTERED, RegistrationState.REFRESHING}

    def start(self, at_s: float) -> None:
        """Registers at this moment (process clock)."""
        self.state = RegistrationState.OFF
        self._leg = self._line.new_leg()
        self._digest = None
        self.due_s = at_s

    def due(self, now: Instant) -> None:
        """Performs the action that is due: register, refresh, or try again."""
        if now.mono_s < self.due_s:
            return
        if self.state is RegistrationState.REGISTERED and not self._profile.has(DeviceFault.NEVER_REFRESHES):
            self.state = RegistrationState.REFRESHING
        else:
            self.state = RegistrationState.ASKING
        self._ask(now)

    def leave(self, now: Instant) -> None:
        """Un-registers a registered device."""
        self.due_s = math.inf
        if self.holds:
            self.state = RegistrationState.LEAVING
            self._ask(now)
        else:
            self.state = RegistrationState.OFF

    def lost(self, now: Instant) -> None:
        """Registers anew, after a pause of up to 2 s, since the platform does not know the device any more."""
        if self.state in {RegistrationState.REGISTERED, RegistrationState.REFRESHING}:
            self.start(now.mono_s + self._random.uniform(0.0, min(2.0, self._profile.retry_s)))

    def unanswered(self, now: Instant) -> None:
        """Handles a REGISTER that was given up."""
        self._line.counts.registers_unanswered += 1
        if self.state is RegistrationState.LEAVING:
            self.state = RegistrationState.OFF
        elif self.state in {RegistrationState.ASKING, RegistrationState.REFRESHING}:
            self._rest(now)

    def answered(self, response: SipMessage, now: Instant) -> RegistrationOutcome:
        """Handles the answer to the pending REGISTER."""
        if self.state not in {RegistrationState.ASKING, RegistrationState.REFRESHING, RegistrationState.LEAVING}:
            return RegistrationOutcome.NOTHING
        if response.status == 401:
            return self._challenged(response, now)
        if 200 <= response.status < 300:
            return self._accepted(response, now)
        if response.status == 423 and response.get("min-expires").isdecimal():
            self.expires_s = int(response.get("min-expires")[:7])
            self._ask(now)
            return RegistrationOutcome.NOTHING
        return self._refused(response, now)

    @property
    def _profile(self) -> DeviceProfile:
        return self._line.profile

    def _challenged(self, response: SipMessage, now: Instant) -> RegistrationOutcome:
        self._line.counts.challenges += 1
        profile = self._profile
        if profile.has(DeviceFault.OWN_NONCE):
            return self._refused(response, now)
        asked = challenge(response.get("www-authenticate"))
        if asked is None or (asked.algorithm is None and profile.has(DeviceFault.SILENT_WITHOUT_ALGORITHM)):
            return self._refused(response, now)
        self._challenges += 1
        if self._challenges > (2 if _is_stale(response) else 1):
            return self._refused(response, now)
        self._digest = ChallengeAnswer(asked, self._line.token)
        self._ask(now)
        return RegistrationOutcome.NOTHING

    def _accepted(self, response: SipMessage, now: Instant) -> RegistrationOutcome:
        self._challenges = 0
        self._fails = 0
        if self.state is RegistrationState.LEAVING:
            self.state = RegistrationState.OFF
            self._line.counts.unregistrations += 1
            return RegistrationOutcome.LEFT
        if self._zero_first:
            self._zero_first = False
            self._line.counts.unregistrations += 1
            self._ask(now)
            return RegistrationOutcome.NOTHING
        text = response.get("expires") or sip_text.parameter(response.get("contact"), "expires")
        granted_s = int(text) if text.isdecimal() and 0 < len(text) < 8 else self.expires_s
        refreshed = self.state is RegistrationState.REFRESHING
        self.state = RegistrationState.REGISTERED
        share = 1.0 if self._profile.has(DeviceFault.NEVER_REFRESHES) else self._random.uniform(0.7, 0.9)
        self.due_s = now.mono_s + granted_s * share
        if refreshed:
            self._line.counts.refreshes += 1
            return RegistrationOutcome.NOTHING
        self._line.counts.registrations += 1
        return RegistrationOutcome.REGISTERED

    def _refused(self, response: SipMessage, now: Instant) -> RegistrationOutcome:
        self._line.counts.refusals += 1
        if self.state is RegistrationState.LEAVING:
            self.state = RegistrationState.OFF
            return RegistrationOutcome.LEFT
        self._rest(now)
        after = response.get("retry-after").partition(";")[0].strip()
        if after.isdecimal() and len(after) < 6:
            self.due_s = max(self.due_s, now.mono_s + int(after))
        return RegistrationOutcome.REFUSED

    def _rest(self, now: Instant) -> None:
        self.state = RegistrationState.RESTING
        self._digest = None
        self._challenges = 0
        rest_s = self._profile.retry_s * 2 ** min(self._fails, _MAX_DOUBLINGS)
        self._fails += 1
        self.due_s = now.mono_s + rest_s * self._random.uniform(0.75, 1.25)

    def _ask(self, now: Instant) -> None:
        self.due_s = math.inf
        profile, line = self._profile, self._line
        if profile.has(DeviceFault.OWN_NONCE):
            own = Challenge(profile.domain, line.token(10), qop=False, opaque=None, algorithm="MD5")
            self._digest = ChallengeAnswer(own, line.token)
        headers = [("Contact", line.contact)]
        if self._digest is not None:
            host, port = line.server
            uri = f"sip:{host}:{port}" if profile.has(DeviceFault.URI_OF_ADDRESS) else line.platform
            password = profile.password + ("x" if profile.has(DeviceFault.WRONG_PASSWORD) else "")
            username = profile.username or line.device_id
            headers.append(("Authorization", self._digest.header(username, password, "REGISTER", uri, profile.faults)))
        leaving = self.state is RegistrationState.LEAVING or self._zero_first
        if leaving or not profile.has(DeviceFault.NO_EXPIRES):
            headers.append(("Expires", "0" if leaving else str(self.expires_s)))
        if profile.gb_version:
            headers.append(("X-GB-Ver", profile.gb_version))
        line.send_request(now, Purpose.REGISTER, "REGISTER", self._leg, headers)


def _is_stale(response: SipMessage) -> bool:
    """True for a 401 whose only complaint is an old nonce."""
    return "stale=true" in response.get("www-authenticate").lower().replace(" ", "").replace('"', "")
