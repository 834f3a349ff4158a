"""How a box becomes an agent: the bundle a technician carries, and what is said over HTTPS to the enrolment service.

```
GET  /v1/hello                  → Hello      before the code is spent: the right service? the clock right?
POST /v1/enrol   EnrolRequest   → Enrolled   one-time code; the same key may ask again
POST /v1/renew   RenewRequest   → Enrolled   before the certificate ends; the client certificate tells who asks
```

Any refusal is a `Problem` with a 4xx status.
"""

import re
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.config.processes import Port
from provisioning.contracts.fleet.documents import Key32
from provisioning.contracts.ids import AgentId, Sha256, SiteId
from provisioning.contracts.wire.messages import Message, TimeMs, Versioned

HELLO: Final = "/v1/hello"
ENROL: Final = "/v1/enrol"
RENEW: Final = "/v1/renew"
MAX_REQUEST_BYTES: Final = 16 * 1024
MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_BUNDLE_BYTES: Final = 4 * 1024

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is read as something else (I, L, O, U are left out)."""
CODE_PATTERN: Final = r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$"
"""Sixteen characters, 80 bits: typed in a minute, not guessed in a lifetime."""
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
Pem = Annotated[str, Field(min_length=1, max_length=16 * 1024)]


def normal_code(typed: str) -> str:
    """What a person typed as a code, in its one form: upper case, in fours, O read as 0, I and L as 1."""
    plain = re.sub(r"[\s-]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


class Bundle(Message):
    """All that a box needs to enrol. It holds a one-time code: whoever has it first is the agent."""

    host: Host
    port: Port
    pin: Sha256
    """SHA-256 over the SubjectPublicKeyInfo of the enrolment service's key (as RFC 7469 §2.4), in hex."""
    site_id: SiteId
    agent_id: AgentId
    code: Code = Field(repr=False)
    expires_at_ms: TimeMs
    seal_key: Key32
    """The Ed25519 key that signs this bundle and every document the agent will accept."""


class SealedBundle(Versioned):
    """A bundle as it is written: the text that was signed, and the signature by the key that it names."""

    bundle: str = Field(min_length=2, max_length=MAX_BUNDLE_BYTES, repr=False)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


class Hello(Versioned):
    """Whom one speaks to, and what time it is there."""

    now_ms: TimeMs
    seal_key: Key32


class EnrolRequest(Versioned):
    """A box with a code asks to become an agent."""

    site_id: SiteId
    agent_id: AgentId
    code: Code = Field(repr=False)
    csr: Pem
    """PKCS #10 (RFC 2986), PEM; P-256. Its subject is not looked at: the name is the one that the code belongs to."""
    secrets_key: Key32
    """X25519: camera passwords for this agent are encrypted to it."""


class RenewRequest(Versioned):
    """An agent asks for its next certificate. Who asks is told by the client certificate alone."""

    csr: Pem


class Enrolled(Versioned):
    """What an agent needs to speak to the broker."""

    agent_id: AgentId
    site_id: SiteId
    certificate: Pem
    services_ca: Pem
    """The authority behind the broker's and the enrolment service's certificates."""
    broker_host: Host
    broker_port: Port
    seal_key: Key32
    now_ms: TimeMs

    @model_validator(mode="after")
    def _is_pem(self) -> Self:
        for text in (self.certificate, self.services_ca):
            if not text.startswith("-----BEGIN CERTIFICATE-----\n"):
                raise ValueError("not a PEM certificate")
        return self


class Problem(Versioned):
    """Why a request was refused."""

    error: str = Field(max_length=64)
    """For programs. On the code: `code_used`, `code_unknown`, `code_expired`, `wrong_site`. On the certificate shown:
    `unknown`, `expired`, `revoked`. On the request: `malformed`, `not_found`, `too_large`, `slow`. `busy`: later.
    `broken`: a fault of the service."""
    detail: str = Field(max_length=1000)
    """What happened and what to do, for the technician."""
