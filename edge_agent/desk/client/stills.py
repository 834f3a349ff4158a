"""Sends pictures as a recording: a folder in the order of its names, or one file, at equal distances in time."""

import hashlib
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.desk.recording import RecordingError, RecordingFacts, Sending
from edge_agent.sources.replay.picture_folder import SUFFIXES
from edge_agent.sources.upload.album import ALBUM_MAGIC, MAX_PICTURE_BYTES, entry

_HEAD_BYTES: Final = 1024 * 1024


class Stills:
    """Sends a folder of pictures. A file that is none keeps its place and is counted by the agent; no name is sent."""

    def __init__(self, path: Path, interval_s: float) -> None:
        self._path = path
        self._step_ms = round(interval_s * 1000)

    @staticmethod
    def is_one(path: Path) -> bool:
        """True if a path holds pictures, and is not a video."""
        return path.is_dir() or path.suffix.lower() in SUFFIXES

    def facts(self) -> RecordingFacts:
        files = self._files()
        digest = hashlib.sha256(f"{self._step_ms} {[file.stat().st_size for file in files]}".encode())
        with files[0].open("rb") as file:
            digest.update(file.read(_HEAD_BYTES))
        return RecordingFacts(
            length_ms=self._step_ms * len(files),
            what="one picture" if len(files) == 1 else f"{len(files)} pictures",
            created_at=None,
            key=digest.hexdigest(),
        )

    def begin(self, after_ms: int) -> Sending:
        files = self._files()
        done = 0 if after_ms < 0 else min(len(files), after_ms // self._step_ms + 1)
        return Sending(0, partial(self._chunks, files=files, done=done))

    def _chunks(self, _: Sending, *, files: list[Path], done: int) -> Generator[bytes]:
        yield ALBUM_MAGIC
        for ordinal, file in enumerate(files[done:], done):
            yield entry(ordinal * self._step_ms, _content(file))

    def _files(self) -> list[Path]:
        try:
            if self._path.is_file():
                return [self._path]
            files = sorted(file for file in self._path.iterdir() if file.is_file() and not file.name.startswith("."))
        except OSError as error:
            raise RecordingError(f"pictures {self._path}: they cannot be read ({error.strerror})") from None
        if not files:
            raise RecordingError(f"pictures {self._path}: there are none in this folder")
        return files


def _content(file: Path) -> bytes:
    try:
        return b"" if file.stat().st_size > MAX_PICTURE_BYTES else file.read_bytes()
    except OSError:  # counted over there as a picture that cannot be used
        return b""
