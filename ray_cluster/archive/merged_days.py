"""Tells which windows of a day are in force once upkeep has merged them into wider ones, and who needs the others.

merged/YYYYMMDD   width of the windows in force, and the windows that they were made of; renamed into place, whole
merged/writer     epoch of the archiver that last started: it follows merges, which one of an older release does not
windows.lock      held, shared, by what reads windows for longer than they are kept after a merge

Tables of both widths lie side by side for some time. Without a file of the day the narrower ones are in force.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from provisioning.contracts.wire.messages import Count, Message
from ray_cluster.archive.atomic_files import disk_errors, replace_text
from ray_cluster.archive.windows import Window
from ray_cluster.errors import ArchiveUnreadable

FOLDER: Final = "merged"
_WRITER: Final = "writer"
_LOCK: Final = "windows.lock"


class MergedDay(Message):
    """Record of a merge: hours of a window since then, and the merged windows with the versions of their two tables."""

    hours: int = Field(ge=1, le=24)
    sources: dict[str, tuple[Count, Count]]


class MergedDays:
    """Reads and writes the records of one archive directory. Any thread and any process may read; upkeep writes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folder = directory / FOLDER

    def of(self, day: str) -> MergedDay | None:
        """Return the record of a day; None for a day that was not merged.

        Raises:
            ArchiveUnreadable: the record is damaged.
        """
        path = self._folder / day
        try:
            return MergedDay.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            what = str(error).splitlines()[0][:200]
            raise ArchiveUnreadable(
                f"{path}: does not say which windows of the day are in force ({what}); restore the file from a backup"
            ) from error

    def days(self) -> frozenset[str]:
        """List the days that were merged."""
        try:
            return frozenset(name for name in os.listdir(self._folder) if name.isdecimal())  # noqa: PTH208 - each commit
        except FileNotFoundError:
            return frozenset()

    def in_force(self, windows: Iterable[Window], days: frozenset[str]) -> list[Window]:
        """Select the windows that hold the rows. `days`: those that were merged before `windows` were listed.

        Raises:
            ArchiveUnreadable: the record of a day with windows of two widths is damaged.
        """
        by_day: dict[str, dict[int, list[Window]]] = {}
        for window in windows:
            by_day.setdefault(window.day, {}).setdefault(window.hours, []).append(window)
        found: list[Window] = []
        for day, by_hours in by_day.items():
            record = self.of(day) if len(by_hours) > 1 and day in days else None
            hours = min(by_hours) if record is None else record.hours
            if hours not in by_hours:
                raise ArchiveUnreadable(
                    f"{self._folder / day}: names windows of {hours} h, and none is there; restore the tables of "
                    f"{day} or this file from a backup"
                )
            found += by_hours[hours]
        return found

    def write(self, day: str, record: MergedDay) -> None:
        """Put the wider windows of a day in force. Raises `ArchiveFull`, `ArchiveWriteFailed`."""
        self._write(day, record.model_dump_json())

    def drop(self, day: str) -> None:
        """Delete the record of a day without windows of that width."""
        (self._folder / day).unlink(missing_ok=True)

    def age_s(self, day: str, now_s: float) -> float:
        """Return the age of a day's record by the clock of the disk, in seconds."""
        return now_s - (self._folder / day).stat().st_mtime

    def follow(self, epoch: int) -> None:
        """Record that the archiver of this epoch follows merges. Raises `ArchiveFull`, `ArchiveWriteFailed`."""
        self._write(_WRITER, f"{epoch}\n")

    def are_followed(self) -> bool:
        """True if the archiver of the present epoch follows merges, or there was none yet."""
        try:
            epoch = (self._directory / "epoch").read_text(encoding="ascii")
        except FileNotFoundError:
            return True
        try:
            return (self._folder / _WRITER).read_text(encoding="ascii") == epoch
        except FileNotFoundError:
            return False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the tables of every window that is in force inside this block, also after a merge."""
        if not self._directory.exists():  # a partition that its writer has not made yet
            yield
            return
        with self._lock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def unneeded(self) -> Iterator[bool]:
        """Yield true if nobody keeps windows; until the block ends nobody can begin to."""
        try:
            with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield True
        except BlockingIOError:
            yield False

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        path = self._directory / _LOCK
        with disk_errors(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, kind)
            yield
        finally:
            os.close(handle)

    def _write(self, name: str, text: str) -> None:
        with disk_errors(self._folder):
            self._folder.mkdir(mode=0o700, exist_ok=True)
        replace_text(self._folder / name, text)
