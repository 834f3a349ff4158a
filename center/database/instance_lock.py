"""Allows one centre at a time on a data folder: a second would send twice, sweep twice and sign heads beside it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from center.database.location import data_dir_of
from center.errors import StartError
from provisioning.contracts.config.processes import CenterConfig

LOCK: Final = "center.lock"


@contextmanager
def alone(config: CenterConfig) -> Iterator[None]:
    """Locks the data folder. The kernel releases it with the process, however that ends.

    Raises:
        StartError: another centre holds the lock; the text has its process id. Or the lock file cannot be made.
    """
    path = data_dir_of(config) / LOCK
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StartError(
                what=f"another wayside-center (process {holder}) runs on {config.data_dir}",
                what_to_do="End that one first, or give this one a data_dir of its own",
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
