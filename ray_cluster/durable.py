"""Files that appear complete or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ray_cluster.errors import ArchiveFull, ArchiveWriteFailed

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def replace_text(path: Path, text: str) -> None:
    """Write a whole file, mode 0600.

    Raises:
        ArchiveFull, ArchiveWriteFailed: what stood there stands there still.
    """
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """As `replace_text`."""
    temporary = path.with_name(f"{path.name}.tmp")
    with disk_errors(path):
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say what the disk refuses in the archive's words: `ArchiveFull` or `ArchiveWriteFailed`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ArchiveFull(f"{path}: no space left; free some, intake goes on by itself") from error
        raise ArchiveWriteFailed(
            f"{path}: cannot be written ({error.strerror}); check the disk and its rights"
        ) from error
