"""Enrols a box as an agent: the bundle that a technician carries, and the HTTPS messages of the enrolment service.

```
GET  /v1/hello                  → Hello      before the code is spent: the right service? the clock right?
POST /v1/enrol   EnrolRequest   → Enrolled   one-time code; the same key may ask again
POST /v1/renew   RenewRequest   → Enrolled   before the certificate ends; the client certificate names the agent
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
"""Crockford's base 32, without letters that look like others (I, L, O, U are left out)."""
CODE_PATTERN: Final = r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$"
"""Sixteen characters, 80 bits: typed in a minute, not guessed in a lifetime."""
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
Pem = Annotated[str, Field(min_length=1, max_length=16 * 1024)]


def normal_code(typed: str) -> str:
    """Normalises a typed code: upper case, in groups of four, O read as 0, I and L as 1."""
    plain = re.sub(r"[\s-]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


class Bundle(Message):
    """Everything that a box needs to enrol. It holds a one-time code: the first box to use it is the agent."""

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
    """A bundle as a file: the text that was signed, and the signature by the key that it names."""

    bundle: str = Field(min_length=2, max_length=MAX_BUNDLE_BYTES, repr=False)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


class Hello(Versioned):
    """Names the service by its seal key, and tells its time."""

    now_ms: TimeMs
    seal_key: Key32


class EnrolRequest(Versioned):
    """Requests enrolment of a box with a code."""

    site_id: SiteId
    agent_id: AgentId
    code: Code = Field(repr=False)
    csr: Pem
    """PKCS #10 (RFC 2986), PEM; P-256. Its subject is ignored: the name is the one that the code belongs to."""
    secrets_key: Key32
    """X25519 key to which camera passwords for this agent are encrypted."""


class RenewRequest(Versioned):
    """Requests an agent's next certificate. The client certificate alone identifies the agent."""

    csr: Pem


class Enrolled(Versioned):
    """Certificates and addresses by which an agent connects to the broker."""

    agent_id: AgentId
    site_id: SiteId
    certificate: Pem
    services_ca: Pem
    """The authority that signs the broker's and the enrolment service's certificates."""
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
    """Refusal of a request."""

    error: str = Field(max_length=64)
    """Code for programs. On the enrolment code: `code_used`, `code_unknown`, `code_expired`, `wrong_site`. On the
    client certificate: `unknown`, `expired`, `revoked`. On the request: `malformed`, `not_found`, `too_large`, `slow`.
    `busy`: try later. `broken`: a fault of the service."""
    detail: str = Field(max_length=1000)
    """Cause and remedy, for the technician."""
