"""Stores the position of each recording on the disk: a small file each beside the spool; it outlives the agent.

Losing one costs time only: the recording is then decoded from its start, and the ledger knows what it has.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.contracts.wire.messages import Message
from provisioning.files import durable

_FOLDER: Final = "recordings"
_MOST: Final = 1000


class Position(Message):
    """Everything up to `settled_ms` is in the spool or dropped by name."""

    settled_ms: int
    is_complete: bool = False


class Positions:
    """Stores the positions of recordings. One writer."""

    def __init__(self, spool_directory: Path) -> None:
        self._folder = spool_directory / _FOLDER

    def load(self, recording_id: str) -> Position | None:
        """Loads a position; None for nothing, or nothing that can be read."""
        try:
            return Position.model_validate_json((self._folder / recording_id).read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, recording_id: str, position: Position) -> None:
        """Stores a position, and removes the oldest beyond a bound. A full disk only means that it is not stored."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write(self._folder / recording_id, position.model_dump_json().encode())
            files = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime)
            for old in files[:-_MOST]:
                old.unlink()
