"""Whether everything that was selected is accounted for: the agents' books against the archive's rows."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.wire.messages import Ledger
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import SNAPSHOTS
from tests.chaos.street import Street

NAMED: Final = frozenset({"interrupted", "duplicate", "disk_full", "redactor_busy"})
"""Drops that these trials may cause: a kill, a replay that begins again, a full disk, a machine with too much to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """An archived snapshot."""

    agent_id: str
    observation_id: str
    captured_at_ms: int
    committed_at_ms: int


@dataclass(frozen=True, slots=True)
class Books:
    """Of one agent, at the end."""

    agent_id: str
    ledger: Ledger
    rows: int
    lost: int
    """Archived by the agent's book, which let it go, and not in the archive."""
    twice: int
    """Rows beyond the first of an observation."""
    unaccounted: int
    """In the archive, and something else by the agent's book."""

    def faults(self) -> list[str]:
        """What does not add up, a line each."""
        ledger = self.ledger
        drops = sum(ledger.dropped.values())
        rules = (
            (self.lost == 0, f"{self.lost} were let go and are not in the archive"),
            (self.twice == 0, f"{self.twice} are in the archive twice"),
            (self.unaccounted == 0, f"{self.unaccounted} are in the archive, and the agent says otherwise"),
            (ledger.in_flight == 0, f"{ledger.in_flight} are still in flight"),
            (
                ledger.selected == ledger.archived + ledger.rejected + drops,
                f"selected {ledger.selected}, archived {ledger.archived}, rejected {ledger.rejected}, dropped {drops}",
            ),
            (ledger.archived == self.rows - self.twice, f"archived {ledger.archived}, and {self.rows} rows"),
            (ledger.rejected == 0, f"{ledger.rejected} were rejected"),
            (set(ledger.dropped) <= NAMED, f"dropped by unexpected names: {sorted(set(ledger.dropped) - NAMED)}"),
        )
        return [f"{self.agent_id}: {text}" for holds, text in rules if not holds]


def read_archive(directory: Path) -> list[Row]:
    """Every row of every day."""
    tables = connect(directory)
    columns = ["agent_id", "observation_id", "captured_at_ms", "committed_at_ms"]
    found = []
    for window in window_names(tables):
        arrow = tables.open_table(SNAPSHOTS + window).search().select(columns).to_arrow()
        found += [Row(**each) for each in arrow.select(columns).to_pylist()]
    return found


def close(street: Street, rows: list[Row]) -> list[Books]:
    """Each agent's books, with nothing in flight any more."""
    books = []
    for agent_id in street.edges:
        seen = Counter(row.observation_id for row in rows if row.agent_id == agent_id)
        archived = street.archived_ids(agent_id)
        books.append(
            Books(
                agent_id=agent_id,
                ledger=street.ledger(agent_id),
                rows=seen.total(),
                lost=len(archived - seen.keys()),
                twice=seen.total() - len(seen),
                unaccounted=len(seen.keys() - archived),
            )
        )
    return books


@dataclass(frozen=True, slots=True)
class Drain:
    """How an agent emptied what an absence of the centre had left, and how its live pictures fared meanwhile."""

    backlog: int
    per_s: float
    live_per_s: float
    """What came in meanwhile; `per_s` is beside it, not with it."""
    live_waited_ms: float
    """Capture to commit, median."""
    live_waited_most_ms: float

    @property
    def times_live(self) -> float:
        """Faster than real time by so much."""
        return self.per_s / self.live_per_s


def drain(rows: list[Row], agent_id: str, since_ms: int) -> Drain | None:
    """From the archive's own times: the centre came back at `since_ms`, and the agent finds that out a while later."""
    mine = [row for row in rows if row.agent_id == agent_id and row.committed_at_ms >= since_ms]
    began_ms = min((row.committed_at_ms for row in mine), default=since_ms)
    old = [row for row in mine if row.captured_at_ms < began_ms]
    if len(old) < 100:  # too few to tell
        return None
    ended_ms = max(row.committed_at_ms for row in old)
    live = sorted(
        row.committed_at_ms - row.captured_at_ms
        for row in mine
        if row.captured_at_ms >= began_ms and row.committed_at_ms <= ended_ms
    )
    seconds = max(1, ended_ms - began_ms) / 1000
    return Drain(len(old), len(old) / seconds, len(live) / seconds, live[len(live) // 2], live[-1]) if live else None
