"""Parses the requests of a page to a desk agent, and defines its answers. All of a request but its path is in headers.

So its address stays the same, and a browser asks once in ten minutes whether it may (CORS preflight), not each time.
"""

import re
from dataclasses import dataclass
from typing import Final

from multidict import CIMultiDictProxy
from pydantic import Field

from edge_agent.desk.errors import Refused
from edge_agent.desk.protocol import EARLIEST_MS, Problem, Progress
from provisioning.contracts.ids import CAMERA_PATTERN
from provisioning.contracts.wire.messages import Count, Message, TimeMs

PIECE_BYTES: Final = 1024 * 1024
METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")
"""To open a file, to bring a piece or to wait, to prolong, and to close."""
HEADERS: Final = ("authorization", "content-type", "wayside-at", "wayside-session")
_FILE: Final = re.compile(rf"/cameras/({CAMERA_PATTERN[1:-1]})/file")
_AT: Final = re.compile(r"[0-9]{1,15}")
_PREFLIGHT_S: Final = 600


class OpenFile(Message):
    """Opens a file: the start of the recording, as a user states it, and the size of the file. No name."""

    started_at_ms: TimeMs
    size: Count


class Piece(Message):
    """A part of the file that the desk asks for."""

    at: Count
    size: int = Field(ge=1, le=PIECE_BYTES)


class Turn(Message):
    """The answer to a page: what it is to bring next, and how far the recording is."""

    session: str = ""
    """Secret by which the page goes on; only in the answer that opens a file."""
    wants: Piece | None = None
    """None: nothing at the moment; the page asks again."""
    length_ms: int | None = None
    """Length of the recording; None while it is not known."""
    after_ms: int = -1
    """Offset at which this upload goes on: everything up to it was in before. -1: it begins."""
    progress: Progress | None = None
    problem: Problem | None = None
    """Reason for which the file is not taken. Then, as after `progress.end`, nothing is wanted any more."""
    known: bool = False
    """True if all of it was in before, and nothing was asked for."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """A browser's question before a request to another origin."""

    origin: str
    method: str
    headers: frozenset[str]


def camera_of(target: str) -> str | None:
    """Returns the camera that a page's request is about; None for a request that is no page's."""
    found = _FILE.fullmatch(target[:512])
    return None if found is None or len(target) > 512 else found[1]


def check_start(opening: OpenFile, now_ms: int, most_bytes: int) -> None:
    """Refuses a file that cannot be taken, before a byte of it has come.

    Raises:
        Refused: `implausible_start`, `too_large`, `malformed`.
    """
    if not EARLIEST_MS <= opening.started_at_ms <= now_ms:
        raise Refused("implausible_start", "the recording would begin before the year 2000 or in the future")
    if opening.size > most_bytes:
        raise Refused("too_large", f"a file has at most {most_bytes >> 30} GiB: cut the recording in two")
    if not opening.size:
        raise Refused("unreadable", "the file is empty")


def place_of(headers: "CIMultiDictProxy[str]") -> int | None:
    """Returns the place of the piece that a request brings; None for a request that only waits.

    Raises:
        Refused: `malformed`.
    """
    text = headers.get("Wayside-At")
    if text is None:
        return None
    if not _AT.fullmatch(text):
        raise Refused("malformed", "Wayside-At is the place of the piece's first byte in the file")
    return int(text)


def preflight_of(headers: "CIMultiDictProxy[str]") -> Preflight:
    """Reads a browser's question."""
    asked = headers.get("Access-Control-Request-Headers", "")
    return Preflight(
        origin=headers.get("Origin", ""),
        method=headers.get("Access-Control-Request-Method", ""),
        headers=frozenset(name.strip().lower() for name in asked.split(",") if name.strip()),
    )


def allowed(preflight: Preflight, console: str) -> dict[str, str] | None:
    """Returns the headers that allow a page's request; None where it is not one of the console's."""
    if preflight.origin != console or preflight.method not in METHODS or not preflight.headers <= {*HEADERS}:
        return None
    return shared_with(console) | {
        "Access-Control-Allow-Methods": ", ".join(METHODS),
        "Access-Control-Allow-Headers": ", ".join(HEADERS),
        "Access-Control-Max-Age": str(_PREFLIGHT_S),
    }


def shared_with(console: str) -> dict[str, str]:
    """Returns the headers that let the console's pages, and no other, read an answer."""
    return {"Access-Control-Allow-Origin": console, "Vary": "Origin", "Cache-Control": "no-store", "Server": "wayside"}
