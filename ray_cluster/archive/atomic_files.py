"""Replaces files of the archive atomically, and reports failures of the disk as errors of the archive."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioning.files import durable
from ray_cluster.errors import ArchiveFull, ArchiveWriteFailed

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def replace_text(path: Path, text: str) -> None:
    """Replace a text file atomically, mode 0600.

    Raises:
        ArchiveFull, ArchiveWriteFailed: the old content is still there.
    """
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace a file atomically, mode 0600. Raises as `replace_text`."""
    with disk_errors(path):
        durable.write(path, content)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Raise `ArchiveFull` or `ArchiveWriteFailed` for errors of the disk."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ArchiveFull(f"{path}: no space left; free some, intake goes on by itself") from error
        raise ArchiveWriteFailed(
            f"{path}: cannot be written ({error.strerror}); check the disk and its rights"
        ) from error
