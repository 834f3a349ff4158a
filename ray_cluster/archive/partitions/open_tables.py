"""Opens the tables, seals and summaries of one partition for searches."""

from pathlib import Path

from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.merged_days import MergedDays
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.archive.windows import Window


class OpenTables:
    """Tables of a partition, whose folder may not exist yet. Any thread may use them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tables = connect(directory)
        self.seals = Seals(directory, self.tables)
        self.summaries = Summaries(directory, self.tables)
        self._merged = MergedDays(directory)
        self._made: set[str] = set()

    def windows(self) -> tuple[str, ...]:
        """List the windows with rows, oldest first. Raises as `window_names`."""
        return window_names(self.tables, self._made)

    def is_merged(self, name: str) -> bool:
        """True for a window that upkeep made of narrower ones, in which rows of a class and colour lie together.

        Raises:
            ArchiveUnreadable: the record of its day is damaged.
        """
        window = Window.parse(name)
        record = self._merged.of(window.day)
        return record is not None and record.hours == window.hours
