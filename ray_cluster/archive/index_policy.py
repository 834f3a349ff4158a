"""When the tables of a window are compacted and indexed, and what an index is called: pure decisions over counts.

Scalar indexes come with the first compaction. The vector index (IVF, scalar quantisation) comes once enough machines
have a vector, and is then extended by what was added: each extension is a segment of its own, built from the new rows
alone. It is trained again whenever the table has doubled, up to a million; from there on Lance splits the partitions
that grow too large, and training waits for a canary that is not content, many segments, or the day's close. What no
index has yet is searched exactly.

The state is the index's name, so it lies in the table and changes with it: `vector_open_50000` was trained on 50,000
rows of a window whose day is open, `vector_full_1000000` on all rows of one whose day has closed.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

SMALL_FRAGMENTS: Final = 50
"""Fragments of recent commits before a compaction. Each costs a lookup by key 0.3 to 0.4 ms of processor time
(measured at 60 of them), and a search its share too.
"""
FIRST_VECTORS: Final = 50_000
"""Below this an exact search is as fast as an index (measured), and far too few rows would train one."""
TRAINED_MOST: Final = 1_000_000
"""Vectors of an open window above which doubling is no reason to train. Training four million took a core more than a
quarter of an hour. Nothing is compacted meanwhile, each commit grows dearer with the fragments, and the result was
lost: catching up with thousands of commits took longer than the 30 s that Lance gives one (measured, two cores).
"""
WORTH: Final = 1.25
"""By how much a window has to have grown for another training to be expected to help."""
MAX_SEGMENTS: Final = 64
"""A search visits every segment of the index."""
MIN_RECALL: Final = 0.95
"""Of the index against an exact search."""
ROWS_A_PARTITION: Final = 2048
_NAME: Final = re.compile(r"vector_(open|full)_([0-9]+)")


class Build(Enum):
    """What becomes of the vector index now."""

    NOTHING = "nothing"
    EXTEND = "extend"
    OPEN = "open"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class IndexState:
    """Of the vectors of a window: its name, how many rows and segments it has, what it lacks. No name: no index."""

    name: str = ""
    rows: int = 0
    unindexed: int = 0
    segments: int = 0
    recall: float | None = None
    """What the canary found last."""

    @property
    def trained_on(self) -> int:
        """Rows that the partitions were computed from; 0 for an index of a foreign name."""
        match = _NAME.fullmatch(self.name)
        return int(match.group(2)) if match else 0

    @property
    def is_full(self) -> bool:
        """Built when the day closed."""
        match = _NAME.fullmatch(self.name)
        return match is not None and match.group(1) == "full"


def next_build(state: IndexState, vectors: int, *, closed: bool) -> Build:
    """What to do about the vector index of a table in which `vectors` rows have one."""
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
    """Of an index that is trained now."""
    return f"vector_{'full' if build is Build.FULL else 'open'}_{vectors}"


def partitions(vectors: int) -> int:
    """How many. Training cost grows with their square, the cost of a probe falls with their number."""
    return max(1, min(vectors // ROWS_A_PARTITION, round(4 * math.sqrt(vectors)), 8192))
