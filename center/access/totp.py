"""One-time codes by time: RFC 6238 with its defaults (SHA-1, six digits, 30 s), which every app speaks."""

import base64
import hmac
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
DRIFT: Final = 1
"""Steps that the clock of the user's telephone may be early or late."""


def code(secret: bytes, step: int) -> str:
    """Computes the code of one step (RFC 4226 §5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: bytes, given: str, *, now_ms: int) -> int | None:
    """Finds the step of a current code, None if it is none. The caller stores the step: a code is good once."""
    now = now_ms // 1000 // STEP_S
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):
        if hmac.compare_digest(code(secret, step).encode(), given.encode()):
            found = step
    return found


def as_base32(secret: bytes) -> str:
    """Writes the secret as users type it into an app."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def address(secret: bytes, *, account: str, issuer: str = "Wayside") -> str:
    """Writes the `otpauth:` address for a QR code."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?secret={as_base32(secret)}&issuer={quote(issuer, safe='')}"
