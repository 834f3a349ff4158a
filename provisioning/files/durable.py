"""Replaces files whole: a reader sees the old file or the new one, and after a power cut one of the two is there.

Everything that replaces a file goes through here (tests/architecture/test_replaced_files.py); `engines`, which imports
no package of the project, has `engines.atomic_file`.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600
PUBLIC = 0o644
_NAME_CHARACTERS = 60
"""Characters of a file's name that its draft repeats: file systems take 255 bytes, a character has up to four."""


def write(path: Path, data: bytes, *, mode: int = OWNER_ONLY) -> Path:
    """Replace `path` by a file with this content and mode; on return it is on the disk. Returns `path`.

    Raises:
        OSError: the folder is missing, full, or not ours.
    """
    with replacing(path, mode=mode) as draft:
        draft.write_bytes(data)
    return path


def create(path: Path, data: bytes) -> None:
    """Make a file that is not there yet; on return it is on the disk. One that is there stays as it is.

    Raises:
        FileExistsError: it is there.
        OSError: the folder is missing, full, or not ours.
    """
    if os.path.lexists(path):  # asked first, since the folder of a file that is there may be read-only
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with _drafted(path) as draft:
        draft.write_bytes(data)
        _sync(draft, OWNER_ONLY)
        path.hardlink_to(draft)  # unlike a rename, it replaces nothing
    settle(path.parent)


@contextmanager
def replacing(path: Path, *, mode: int = OWNER_ONLY) -> Iterator[Path]:
    """Yield a draft to fill, a hidden file in the same folder. It replaces `path` when the block ends without an error.

    The draft is mode 0600 until then, so a secret is never readable by others, not even for a moment.

    Raises:
        OSError: the folder is missing, full, or not ours.
    """
    with _drafted(path) as draft:
        yield draft
        _sync(draft, mode)
        move(draft, path)


@contextmanager
def _drafted(path: Path) -> Iterator[Path]:
    """Yield an empty hidden file beside `path`, mode 0600, which is gone afterwards under this name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:_NAME_CHARACTERS]}.")
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync(file: Path, mode: int) -> None:
    with file.open("rb") as opened:
        os.fchmod(opened.fileno(), mode)
        os.fsync(opened.fileno())


def move(source: Path, target: Path) -> None:
    """Rename a file or folder that is on the disk; on return its new name is too. Both lie in one folder.

    Raises:
        OSError: the folder is not ours, or `target` is a folder that is not empty.
    """
    source.replace(target)
    settle(target.parent)


def settle_file(file: Path) -> None:
    """Bring the content of a file to the disk that another program wrote. Raises OSError."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def settle(folder: Path) -> None:
    """Bring the names in a folder to the disk: a file is not there before its folder is. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
