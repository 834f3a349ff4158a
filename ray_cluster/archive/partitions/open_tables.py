"""Opens the tables and seals of one partition for searches."""

from pathlib import Path

from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.window_bloom import Seals


class OpenTables:
    """Tables of a partition, whose folder may not exist yet. Any thread may use them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tables = connect(directory)
        self.seals = Seals(directory, self.tables)
        self._made: set[str] = set()

    def windows(self) -> tuple[str, ...]:
        """List the windows with rows, oldest first. Raises as `window_names`."""
        return window_names(self.tables, self._made)
