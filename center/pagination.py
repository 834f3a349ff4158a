"""Writes and reads the cursor of a page: opaque text that a client sends back for the next page."""

import base64
import binascii
import json

from center.assessment.errors import BadCursorError

_MAX: int = 400


def mark(*place: str | int) -> str:
    """Makes the cursor of a position in a list."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place(cursor: str, *kinds: type) -> tuple[str | int, ...]:
    """Reads the position from a cursor.

    Raises:
        BadCursorError: it is no cursor of this list.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor[:_MAX].encode("ascii")))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursorError from error
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise BadCursorError
    return tuple(parts)
