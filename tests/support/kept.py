"""Folders that are dear to make: each is made once and kept in the cache under a key of what it is made from."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.catalog.catalog import default_models_dir


def kept(name: str, of: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of this name and content, made if it is not there; another caller waits meanwhile."""
    cache = default_models_dir().parent / "trees"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{hashlib.sha256(of.encode()).hexdigest()[:12]}"
    with _locked(folder.with_suffix(".lock")):
        if not folder.exists():
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(folder)
    return folder


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
