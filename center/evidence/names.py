"""Names of files in an export. No typed text gets in: a camera's id is reduced to letters, digits and dashes."""

import re
from typing import Final

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.p7s"
"""Detached CMS (RFC 5652) over the manifest's bytes."""
STAMP: Final = "manifest.json.tsr"
"""Time-stamp response (RFC 3161) over the signature's bytes, and so over all that it covers."""
SEALS: Final = (MANIFEST, SIGNATURE, STAMP)
README: Final = "README.txt"
SUMMARY: Final = "summary.pdf"
CUSTODY: Final = "chain-of-custody.json"
AUDIT: Final = "audit-extract.json"

MAX_NAME: Final = 120
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_OTHER: Final = re.compile(r"[^A-Za-z0-9]+")
_MAX_SLUG: Final = 40


def slug(text: str) -> str:
    """Reduces a text to ASCII letters, digits and single dashes, for file names on any system; `x` if none are left."""
    return _OTHER.sub("-", text)[:_MAX_SLUG].strip("-") or "x"


def folder(number: int, camera_id: str) -> str:
    """Returns the folder of one observation; `number` counts from 1."""
    return f"observations/{number:04d}-{slug(camera_id)}"


def is_safe(name: str) -> bool:
    """True if a name can be unpacked anywhere: relative, no `..`, no hidden part, plain ASCII."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None
