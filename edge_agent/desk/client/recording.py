"""Defines the interface between `ingest` and what it sends to a desk agent: a video file, or pictures."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

from edge_agent.errors import EdgeError


class RecordingError(EdgeError):
    """The file cannot be sent. The text names the reason."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """A recording's own facts, read from the file."""

    length_ms: int | None
    what: str
    """Sides and codec, for a person."""
    created_at: str | None
    """Often wrong: the end of the recording, or local time that claims to be UTC."""
    key: str
    """SHA-256 over size and first MiB, hex: the same file under any name."""


class Sending:
    """A recording on its way out. `broke_off` holds afterwards why not all of it could be read; empty: it could."""

    def __init__(self, at_ms: int, chunks: Callable[["Sending"], Generator[bytes]]) -> None:
        """`at_ms`: offset in the recording at which the stream begins.

        `chunks` is called once, and may set `broke_off`.
        """
        self.at_ms = at_ms
        self.broke_off = ""
        self.chunks = chunks(self)


class SendableRecording(Protocol):
    """A recording that can be sent from any position on, always the same."""

    def facts(self) -> RecordingFacts:
        """Examines the file.

        Raises:
            RecordingError: it cannot be sent.
        """

    def begin(self, after_ms: int) -> Sending:
        """Begins a stream with all that is needed to decode the pictures behind `after_ms`; all of it below 0.

        Raises:
            RecordingError: it cannot be sent.
        """
