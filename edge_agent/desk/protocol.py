"""Parses the requests to a desk agent and defines its JSON answers. The client is of the same package.

Nothing of a request line is decoded: no part of a target that is valid here needs an escape.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from pydantic import Field

from edge_agent.desk.errors import Refused
from edge_agent.sources.upload.album import MAX_OFFSET_MS
from provisioning.contracts.ids import CAMERA_PATTERN
from provisioning.contracts.wire.messages import Count, Message

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01: before it lie clocks that were never set."""
MAX_TARGET: Final = 1024
_RECORDINGS: Final = re.compile(rf"/cameras/({CAMERA_PATTERN[1:-1]})/recordings")
_DIGITS: Final = re.compile(r"[0-9]{1,13}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")


class RecordingStage(StrEnum):
    """Stage of a recording's ingestion."""

    NEW = "new"
    UNDER_WAY = "under_way"
    INTERRUPTED = "interrupted"
    """Begun, and no client is sending it."""
    COMPLETE = "complete"


class Standing(Message):
    """Reports the agent's state of a recording."""

    stage: RecordingStage
    after_ms: int = Field(ge=-1)
    """The client need not send again what lies at or before this offset; -1: nothing is in."""


class End(StrEnum):
    """End of an upload."""

    COMPLETE = "complete"
    """All of it was decoded, and what was selected is in the spool or dropped by name."""
    BROKEN = "broken"
    """The bytes stopped before their end."""
    UNUSABLE = "unusable"
    """The recording cannot be read, or not any further."""
    PAUSED = "paused"
    """The camera was paused after a redaction leak."""
    STOPPING = "stopping"
    """The agent stops, or takes a new configuration."""
    FAILED = "failed"
    """A fault of the agent; its log has it."""

    @property
    def may_be_tried_again(self) -> bool:
        """True if the same recording may go on by itself."""
        return self in {End.BROKEN, End.STOPPING}


class Progress(Message):
    """A line of the response: the progress, twice a second, and at the end the result."""

    position_ms: int = Field(ge=-1)
    """Offset of the last picture that was decoded."""
    settled_ms: int = Field(ge=-1)
    """Up to here everything selected is in the spool or dropped by name."""
    pictures: Count
    """Pictures decoded in this upload."""
    skipped: dict[str, Count] = Field(max_length=16)
    """Pictures that could not be used, by reason."""
    selected: Count
    """Pictures selected of this camera since the upload began, by the agent's ledger; so are the next two."""
    spooled: Count
    dropped: dict[str, Count] = Field(max_length=64)
    held: bool
    """True while it waits for room in the spool: the line to the centre is slower than this recording."""
    end: End | None = None
    code: str = Field(default="", max_length=32)
    detail: str = Field(default="", max_length=1000)


class Problem(Message):
    """Explains a refused request, in one word and for a person."""

    error: str = Field(max_length=32)
    detail: str = Field(max_length=1000)


@dataclass(frozen=True, slots=True)
class RecordingRef:
    """Identifies a recording: camera, start, and a hash that tells two files of the same start apart."""

    camera_id: str
    started_at_ms: int
    key: str = ""

    @property
    def id(self) -> str:
        """Returns the recording's id, the same for every client that sends it."""
        return hashlib.sha256(f"{self.camera_id}\0{self.started_at_ms}\0{self.key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AskHealth:
    """Asks whether the agent runs."""


@dataclass(frozen=True, slots=True)
class AskStanding:
    """Asks how far a recording is."""

    recording: RecordingRef


@dataclass(frozen=True, slots=True)
class AskUpload:
    """Sends a recording, from `at_ms` on. `again`: all of it is to be decoded, whatever came before."""

    recording: RecordingRef
    at_ms: int
    again: bool


Ask: TypeAlias = AskHealth | AskStanding | AskUpload


def parse_request(method: str, target: str, now_ms: int) -> Ask:
    """Parses a request line.

    Raises:
        Refused: `not_found`, `method`, `malformed`, or `implausible_start`.
    """
    path, _, query = target[:MAX_TARGET].partition("?")
    if path == "/health":
        return AskHealth()
    found = _RECORDINGS.fullmatch(path)
    if found is None or len(target) > MAX_TARGET:
        raise Refused("not_found", "there is POST and GET /cameras/CAMERA/recordings?started_at_ms=…, and GET /health")
    given = _given(query)
    recording = RecordingRef(found[1], _start(given, now_ms), _key(given))
    wanted: Ask
    match method:
        case "GET":
            wanted = AskStanding(recording)
        case "POST":
            at_ms = _number(given, "at_ms", 0, MAX_OFFSET_MS)
            wanted = AskUpload(recording, at_ms, again=_number(given, "again", 0, 1) == 1)
        case _:
            raise Refused("method", "a recording is sent with POST, and asked after with GET")
    if given:
        raise Refused(
            "malformed", f"unknown: {', '.join(sorted(given))[:100]}; known: started_at_ms, key, at_ms, again"
        )
    return wanted


def _given(query: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        if not equals or name in given:
            raise Refused("malformed", "the query is NAME=VALUE&NAME=VALUE, each name once")
        given[name] = value
    return given


def _start(given: dict[str, str], now_ms: int) -> int:
    if "started_at_ms" not in given:
        raise Refused("malformed", "started_at_ms is missing: when the recording began, in ms since 1970, UTC")
    started_at_ms = _number(given, "started_at_ms", 0, 10**13)
    if not EARLIEST_MS <= started_at_ms <= now_ms:
        raise Refused(
            "implausible_start",
            "the recording would begin before the year 2000 or in the future: correct the start, or the clock of the"
            " desk agent",
        )
    return started_at_ms


def _number(given: dict[str, str], name: str, least: int, most: int) -> int:
    text = given.pop(name, str(least))
    if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
        raise Refused("malformed", f"{name} is a whole number from {least} to {most}")
    return int(text)


def _key(given: dict[str, str]) -> str:
    key = given.pop("key", "")
    if key and not _KEY.fullmatch(key):
        raise Refused("malformed", "key is a SHA-256 in 64 hex digits, or left out")
    return key
