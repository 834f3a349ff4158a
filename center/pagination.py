"""Writes and reads the cursor of a page: opaque text that a client sends back for the next page."""

import base64
import binascii
import json
from typing import Annotated

from fastapi import Query

from center.assessment.errors import BadCursorError

_MAX: int = 400
Cursor = Annotated[str | None, Query(max_length=_MAX, description="`next_cursor` of the page before.")]
NumberCursor = Annotated[
    str | None, Query(pattern=r"^[1-9][0-9]{0,15}$", description="`next_cursor` of the page before.")
]
"""Cursor of a list by number: the number of the last item of the page before."""


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
