"""Defines what is sent to a desk: a recording from a video file or of pictures, and the file's bytes at any place."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from edge_agent.errors import EdgeError


class RecordingError(EdgeError):
    """The file cannot be sent. The text names the reason.

    Attributes:
        code: short word for programs.
    """

    def __init__(self, message: str, code: str = "unreadable") -> None:
        super().__init__(message)
        self.code = code


class RandomAccess(Protocol):
    """An open file that FFmpeg reads from, at any place."""

    def read(self, size: int, /) -> bytes:
        """Reads up to `size` bytes; none at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Moves as `io.IOBase.seek` does."""

    def tell(self) -> int:
        """Returns the place of the next byte."""


class MediaFile(Protocol):
    """A video file, here or in a browser."""

    @property
    def title(self) -> str:
        """Name of the file in errors."""

    def size(self) -> int:
        """Returns the number of its bytes."""

    def open(self) -> AbstractContextManager[RandomAccess]:
        """Opens it for reading."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine."""

    path: Path

    @property
    def title(self) -> str:
        return f"recording {self.path}"

    def size(self) -> int:
        return self.path.stat().st_size

    def open(self) -> BinaryIO:
        return self.path.open("rb")


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
