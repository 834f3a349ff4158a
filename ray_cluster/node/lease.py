"""Leases an archive to one cluster. With the epoch alone, two clusters would take it from each other without end."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ray_cluster.errors import ArchiveInUse, StartFailed

_LONGEST: Final = 256


@contextmanager
def held(archive_dir: Path) -> Iterator[None]:
    """Hold the archive directory, which is made if absent. The lease ends with the process, even if that is killed.

    Raises:
        ArchiveInUse: another cluster holds it.
        StartFailed: the directory cannot be used.
    """
    path, lock = _opened(archive_dir)
    try:
        if not _locked(lock, fcntl.LOCK_EX):
            raise _in_use(path)
        yield
    finally:
        os.close(lock)


@contextmanager
def shared(archive_dir: Path, cluster: str) -> Iterator[None]:
    """Hold the archive directory with the other machines of this `cluster`, named by its head's address.

    Raises:
        ArchiveInUse: another cluster holds it.
        StartFailed: the directory cannot be used.
    """
    path, lock = _opened(archive_dir)
    name = cluster.encode()
    try:
        # The first machine writes the name. Turning one kind of lock into the other releases it in between, so the name
        # is read once more under the lock that stays.
        if _locked(lock, fcntl.LOCK_EX):
            os.ftruncate(lock, 0)
            os.pwrite(lock, name, 0)
        if not _locked(lock, fcntl.LOCK_SH) or os.pread(lock, _LONGEST, 0) != name:
            raise _in_use(path)
        yield
    finally:
        os.close(lock)


def _opened(archive_dir: Path) -> tuple[Path, int]:
    path = archive_dir / "cluster.lock"
    try:
        archive_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"{path}: {error.strerror}; check archive_dir and its rights") from error


def _locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_use(path: Path) -> ArchiveInUse:
    return ArchiveInUse(f"{path}: another cluster runs on this archive; end it or set archive_dir")
