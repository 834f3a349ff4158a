"""A small file that is there whole or not at all, with its final mode from its first byte on."""

import os
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600
PUBLIC = 0o644


def write(path: Path, data: bytes, *, mode: int = OWNER_ONLY) -> Path:
    """Replace `path` by a file with this content and mode; on return it is on the disk. Returns `path`.

    Raises:
        OSError: the folder is missing, full, or not ours.
    """
    # mkstemp creates 0600, so a secret is never readable by others, not even for a moment.
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
        settle(path.parent)
    except BaseException:  # raised again; half a file is not left behind
        Path(part).unlink(missing_ok=True)
        raise
    return path


def settle(folder: Path) -> None:
    """A rename is not on the disk before its folder is. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
