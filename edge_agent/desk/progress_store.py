"""Reads the agent's ledger for the desk, from the spool's file, without holding up its writer."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge_agent.errors import DropReason
from edge_agent.spool import ledger
from edge_agent.spool.database import reading

_UNSETTLED: Final = (str(ledger.ObservationState.SELECTED), ledger.dropped(DropReason.INTERRUPTED))
"""States of pictures in the redactor's queue, or lost with the agent that had them there, to be redacted again."""
_AT_ONCE: Final = 500


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
