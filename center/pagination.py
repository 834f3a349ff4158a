"""Where a page ended, as text that a client hands back and does not read."""

import base64
import binascii
import json

from center.assessment.errors import BadCursorError

_MAX: int = 400


def mark(*place: str | int) -> str:
    """The mark of a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place(cursor: str, *kinds: type) -> tuple[str | int, ...]:
    """The place that a mark names.

    Raises:
        BadCursorError: no mark of this list.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor[:_MAX].encode("ascii")))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadCursorError from error
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise BadCursorError
    return tuple(parts)
