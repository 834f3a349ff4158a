"""The lease: one cluster an archive. The epoch alone would let two take the archive from each other for ever."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ray_cluster.errors import ArchiveInUse, StartFailed


@contextmanager
def held(archive_dir: Path) -> Iterator[None]:
    """Hold the archive directory, which is made if absent. The lease ends with the process, however that dies.

    Raises:
        ArchiveInUse: another cluster holds it.
        StartFailed: the directory cannot be used.
    """
    path = archive_dir / "cluster.lock"
    try:
        archive_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"{path}: {error.strerror}; check archive_dir and its rights") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveInUse(f"{path}: another cluster runs on this archive; end it or set archive_dir") from error
        yield
    finally:
        os.close(lock)
