"""Divides an archive among several writers: each partition is a complete archive, with a writer of its own.

partitions.json   number of writers, and the partition of each agent
partitions/N/     partition N, from 1 on; partition 0 is the archive directory itself

The partition of an agent is recorded when the agent is first seen and never changes: a message that is sent again comes
to the writer that knows it. An archive without the file has one partition.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Generic, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from provisioning.contracts import ids
from provisioning.contracts.query.archive import MOST_PARTITIONS
from provisioning.contracts.wire.messages import Count, Message
from ray_cluster.archive.atomic_files import disk_errors, replace_text
from ray_cluster.archive.lance_tables import batches, connect, read_errors, window_names
from ray_cluster.archive.schema import SNAPSHOTS
from ray_cluster.errors import ArchiveUnreadable, Misplaced, StartFailed

FILE: Final = "partitions.json"
_FOLDER: Final = "partitions"
_T = TypeVar("_T")


class Division(Message):
    """Description of a divided archive. `epoch` counts its changes."""

    epoch: Count
    writers: int = Field(ge=1, le=MOST_PARTITIONS)
    agents: dict[ids.AgentId, Annotated[int, Field(ge=0)]]
    """Partition of each agent that was seen."""

    @model_validator(mode="after")
    def _has_their_partitions(self) -> Self:
        if any(number >= self.writers for number in self.agents.values()):
            raise ValueError("an agent is in a partition that there is not")
        return self


UNDIVIDED: Final = Division(epoch=0, writers=1, agents={})


class Partitions:
    """Reads and changes the division of one archive directory. Any thread and any process may use it.

    Raises (all methods):
        ArchiveUnreadable: the file is damaged, or missing beside partitions.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / FILE
        self._read: tuple[tuple[int, int, int], Division] | None = None

    def division(self) -> Division:
        """Return the present division. Reads the file only when it has changed."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            if (self._directory / _FOLDER).exists():
                raise ArchiveUnreadable(
                    f"{self._path}: missing in an archive that has partitions; restore it from a backup, or start the "
                    "cluster: the writer of partition 0 makes it anew from the rows"
                ) from None
            return UNDIVIDED
        stamp = found.st_ino, found.st_mtime_ns, found.st_size
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, self._load()
        return self._read[1]

    def folders(self) -> tuple[Path, ...]:
        """List the folders of the partitions, by their numbers; one may not exist yet."""
        return tuple(map(self.folder, range(self.division().writers)))

    def folder(self, number: int) -> Path:
        """Return the folder of a partition."""
        return self._directory / _FOLDER / str(number) if number else self._directory

    def of(self, row_key: str) -> int:
        """Return the partition of a row's agent; 0 for an agent that was never seen, which has no rows."""
        return self.division().agents.get(ids.agent_of(row_key), 0)

    def assign(self, agents: Iterable[str]) -> Division:
        """Record agents that were never seen, each in the partition with the fewest; return the division.

        Raises:
            ArchiveFull, ArchiveWriteFailed: nothing is recorded.
        """
        wanted = set(agents)
        division = self.division()
        if division.writers == 1 or wanted <= division.agents.keys():
            return division
        with self._alone():
            division = self.division()
            known = dict(division.agents)
            sizes = Counter(known.values())
            for agent in sorted(wanted - known.keys()):
                known[agent] = min(range(division.writers), key=lambda number: (sizes[number], number))
                sizes[known[agent]] += 1
            return self._write(division.model_copy(update={"agents": known}))

    def divide(self, writers: int) -> Division:
        """Give the archive so many partitions; agents stay where their rows are. Repeated, it changes nothing.

        The writer of partition 0 calls it, with its epoch taken: nobody else adds rows of an unrecorded agent.

        Raises:
            StartFailed: the archive has more partitions than that.
            ArchiveFull, ArchiveWriteFailed: the division is as before.
        """
        if writers == 1 and not self._path.exists() and not (self._directory / _FOLDER).exists():
            return UNDIVIDED
        with self._alone():
            there = [int(path.name) for path in (self._directory / _FOLDER).glob("*") if path.name.isdigit()]
            is_divided = self._path.exists()
            division = (
                self.division() if is_divided else Division(epoch=0, writers=max(there, default=0) + 1, agents={})
            )
            if writers < division.writers:
                raise StartFailed(
                    f"{self._path}: the archive has {division.writers} partitions, and agents in each; set "
                    f"archive_writers to {division.writers} or more (several writers may run on one machine)"
                )
            if writers == division.writers and is_divided:
                return division
            agents = division.agents if is_divided else self._found(division.writers)
            return self._write(division.model_copy(update={"writers": writers, "agents": agents}))

    def _found(self, partitions: int) -> dict[str, int]:
        """Find the agents of each partition in its rows: one column of every window."""
        found: dict[str, int] = {}
        for number in range(partitions):
            tables = connect(self.folder(number))
            with read_errors(str(self.folder(number))):
                for name in window_names(tables):
                    for batch in batches(tables.open_table(SNAPSHOTS + name).search().select(["agent_id"])):
                        found.update(dict.fromkeys(batch.column("agent_id").unique().to_pylist(), number))
        return found

    def _load(self) -> Division:
        try:
            return Division.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError) as error:
            raise ArchiveUnreadable(
                f"{self._path}: is no division of an archive ({str(error)[:200]}); restore it from a backup, or remove "
                "it and start the cluster: the writer of partition 0 makes it anew from the rows"
            ) from error

    def _write(self, division: Division) -> Division:
        changed = Division.model_validate(division.model_dump() | {"epoch": division.epoch + 1})
        replace_text(self._path, changed.model_dump_json())
        return changed

    @contextmanager
    def _alone(self) -> Iterator[None]:
        path = self._directory / f"{_FOLDER}.lock"
        with disk_errors(path):
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class Share:
    """Agents whose rows one writer of a divided archive commits."""

    def __init__(self, partitions: Partitions, number: int) -> None:
        self._partitions = partitions
        self._number = number

    def check(self, agents: Iterable[str]) -> None:
        """Raise `Misplaced` if a row of one of these agents belongs to another writer, or to none yet."""
        division = self._partitions.division()
        foreign = sorted(agent for agent in set(agents) if division.agents.get(agent) != self._number)
        if division.writers > 1 and foreign:
            raise Misplaced(
                f"writer {self._number}: {', '.join(foreign[:3])}: of another partition, or not recorded; sent by an "
                "intake of an earlier configuration, which ends by itself, else restart the intake"
            )


class OpenPartitions(Generic[_T]):
    """Opens each partition of an archive once, also one that is added later.

    Args:
        opened: opens the folder of a partition, which may not exist yet.

    Raises (all methods): as `Partitions`.
    """

    def __init__(self, directory: Path, opened: Callable[[Path], _T]) -> None:
        self._partitions = Partitions(directory)
        self._open = opened
        self._opened: tuple[_T, ...] = ()

    def all(self) -> tuple[_T, ...]:
        """Return every partition, by number."""
        folders = self._partitions.folders()
        opened = self._opened
        if len(folders) > len(opened):
            # Another thread may do the same: one of the two tuples stays.
            self._opened = opened = (*opened, *map(self._open, folders[len(opened) :]))
        return opened

    def of(self, row_key: str) -> _T:
        """Return the partition that has a row if any has."""
        return self.all()[self._partitions.of(row_key)]
