"""Tells what a power cut would lose of files that were renamed: content or a name that is not on the disk."""

import os
from pathlib import Path
from typing import Any

import pytest


class Disk:
    """Watches fsync and rename of this process, and follows both through."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.renamed: list[str] = []
        self.lost: list[str] = []
        """Names of files whose content was not on the disk when they were renamed."""
        self._synced: set[tuple[int, int]] = set()
        self._names: dict[tuple[int, int], list[str]] = {}
        self._fsync = os.fsync
        patch.setattr(os, "fsync", self._watched_fsync)
        for call in ("rename", "replace"):
            patch.setattr(os, call, self._watched(getattr(os, call)))

    @property
    def unsettled(self) -> list[str]:
        """Names that are not on the disk, since their folder has not been synced after the rename."""
        return [name for names in self._names.values() for name in names]

    def has(self, path: Path) -> bool:
        """Whether a file's content, or the names in a folder, have been brought to the disk."""
        return _identity(path.stat()) in self._synced

    def _watched_fsync(self, handle: int) -> None:
        self._fsync(handle)
        found = _identity(os.fstat(handle))
        self._synced.add(found)
        self._names.pop(found, None)

    def _watched(self, call: Any) -> Any:
        def rename(source: Path, target: Path, **options: Any) -> None:
            if Path(source).is_file() and _identity(Path(source).stat()) not in self._synced:
                self.lost.append(Path(target).name)
            call(source, target, **options)
            self.renamed.append(Path(target).name)
            self._names.setdefault(_identity(Path(target).parent.stat()), []).append(Path(target).name)

        return rename


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
