"""The app of a user's telephone that shows one-time codes."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30


def code(secret: str, at_s: float) -> str:
    return TOTP(base64.b32decode(secret), 6, SHA1(), STEP_S).generate(at_s).decode()


def scanned(address: str) -> tuple[str, dict[str, str]]:
    """The label under which the app shows an account, and the parameters of its codes."""
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    return unquote(parts.path.lstrip("/")), {name: values[0] for name, values in parse_qs(parts.query).items()}
