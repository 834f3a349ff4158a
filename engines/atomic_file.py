"""Replaces files atomically: a reader sees the old file or the new one, never a part."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

READABLE = 0o644
"""Mode of written files: an administrator writes them, a service reads them, and none is secret."""


def write_whole(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file beside its target, sync it, rename it and sync the folder. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        partial.chmod(READABLE)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)  # gone already when all went well
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
