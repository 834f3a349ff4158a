"""Reads the agent's ledger for the desk, from the spool's file, and stores how far each recording is.

A position is a small file beside the spool that outlives the agent. Losing one costs time only: the recording is then
decoded from its start, and the ledger knows what it has.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from edge_agent.errors import DropReason
from edge_agent.spool import ledger
from edge_agent.spool.database import reading
from provisioning.contracts.wire.messages import Message
from provisioning.files import durable

_UNSETTLED: Final = (str(ledger.ObservationState.SELECTED), ledger.dropped(DropReason.INTERRUPTED))
"""States of pictures in the redactor's queue, or lost with the agent that had them there, to be redacted again."""
_AT_ONCE: Final = 500
_FOLDER: Final = "recordings"
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a camera's pictures, by result."""

    selected: int = 0
    spooled: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def since(self, before: "Counts") -> "Counts":
        """Returns the counts that were added since `before`."""
        dropped = {name: n - before.dropped.get(name, 0) for name, n in self.dropped.items()}
        return Counts(
            self.selected - before.selected,
            self.spooled - before.spooled,
            {name: n for name, n in dropped.items() if n > 0},
        )


class LedgerReader:
    """Reads one agent's ledger. Raises SpoolError where the spool cannot be read."""

    def __init__(self, spool_directory: Path) -> None:
        self._directory = spool_directory

    def counts(self, camera_id: str) -> Counts:
        """Returns the counts of everything this camera ever selected."""
        with reading(self._directory) as db:
            found = ledger.tally(db, open_rows={}).get(camera_id)
        return Counts() if found is None else Counts(found.selected, found.spooled, found.dropped)

    def unsettled(self, observation_ids: Collection[str]) -> frozenset[str]:
        """Returns the observations that are selected and neither in the spool nor dropped for good."""
        wanted = list(observation_ids)
        found: set[str] = set()
        with reading(self._directory) as db:
            for at in range(0, len(wanted), _AT_ONCE):
                part = wanted[at : at + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = db.execute(
                    f"SELECT id FROM observations WHERE id IN ({marks}) AND state IN (?, ?)",  # noqa: S608 - marks are question marks
                    (*part, *_UNSETTLED),
                )
                found.update(row[0] for row in rows)
        return frozenset(found)


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
