"""Decides when the tables of a window are compacted and indexed, and names indexes: pure decisions over counts.

Scalar indexes come with the first compaction. The vector index (IVF, RaBitQ) comes once enough machines
have a vector, and is then extended by the new rows: each extension is a segment of its own, built from the new rows
alone. It is trained again whenever the table has doubled, up to a million; from there on Lance splits the partitions
that grow too large, and training waits for a poor recall, many segments, or the day's close. Rows that no index has yet
are searched exactly.

The state is the index's name, so it lies in the table and changes with it: `vector_open_50000` was trained on 50,000
rows of a window whose day is open, `vector_full_1000000` on all rows of one whose day has closed.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

SMALL_FRAGMENTS: Final = 50
"""Number of fragments of recent commits before a compaction. Each costs a lookup by key 0.3 to 0.4 ms of processor time
(measured at 60 of them), and a search its share too.
"""
FIRST_VECTORS: Final = 50_000
"""Fewest vectors for an index: below, an exact search is as fast (measured), and the rows are too few for training."""
TRAINED_MOST: Final = 1_000_000
"""Vectors of an open window above which doubling is no reason to train. Training four million took a core more than a
quarter of an hour. Nothing is compacted meanwhile, each commit grows dearer with the fragments, and the result was
lost: catching up with thousands of commits took longer than the 30 s that Lance gives one (measured, two cores).
"""
WORTH: Final = 1.25
"""Factor by which a window must have grown before another training is expected to help."""
MAX_SEGMENTS: Final = 64
"""Most segments of an index: a search visits each of them."""
MIN_RECALL: Final = 0.95
"""Lowest acceptable recall of the index against an exact search."""
ROWS_A_PARTITION: Final = 2048
VECTOR_BITS: Final = 4
"""Bits of a dimension in the index (RaBitQ): 151 bytes a machine, where eight by scalar quantisation took 264, and half
the processor time of a search (docs/decisions/0034).
"""
_NAME: Final = re.compile(r"vector_(open|full)_([0-9]+)")


class Build(Enum):
    """Next action on the vector index."""

    NOTHING = "nothing"
    EXTEND = "extend"
    OPEN = "open"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class IndexState:
    """State of a window's vector index: name, rows, unindexed rows, segments. Without a name there is no index."""

    name: str = ""
    rows: int = 0
    unindexed: int = 0
    segments: int = 0
    recall: float | None = None
    """Recall that the canary measured last."""

    @property
    def trained_on(self) -> int:
        """Rows that the partitions were computed from; 0 for an index of a foreign name."""
        match = _NAME.fullmatch(self.name)
        return int(match.group(2)) if match else 0

    @property
    def is_full(self) -> bool:
        """True if the index was built when the day closed."""
        match = _NAME.fullmatch(self.name)
        return match is not None and match.group(1) == "full"


def next_build(state: IndexState, vectors: int, *, closed: bool) -> Build:
    """Decide the next action on the vector index of a table in which `vectors` rows have a vector."""
    if vectors < FIRST_VECTORS:
        return Build.NOTHING
    if closed:
        # Late rows of a closed day are few: they extend it, unless they are most of it.
        stale = not state.is_full or vectors >= 2 * state.trained_on
        return Build.FULL if stale else Build.EXTEND if state.unindexed else Build.NOTHING
    if not state.trained_on or state.segments >= MAX_SEGMENTS:
        return Build.OPEN
    grown = vectors / state.trained_on
    poor = state.recall is not None and state.recall < MIN_RECALL
    if grown >= (WORTH if poor else 2 if vectors <= TRAINED_MOST else math.inf):
        return Build.OPEN
    return Build.EXTEND if state.unindexed else Build.NOTHING


def index_name(build: Build, vectors: int) -> str:
    """Name an index that is trained now on so many vectors."""
    return f"vector_{'full' if build is Build.FULL else 'open'}_{vectors}"


def partitions(vectors: int) -> int:
    """Return the number of IVF partitions. Training cost grows with its square, the cost of a probe falls with it."""
    return max(1, min(vectors // ROWS_A_PARTITION, round(4 * math.sqrt(vectors)), 8192))
