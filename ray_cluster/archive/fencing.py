"""Fences archivers by an epoch: a number in the archive directory decides which archiver may write.

A commit holds an exclusive lock while it compares the number and writes, and a takeover needs the same lock. So a
replaced archiver can neither begin a commit nor be in the middle of one. The lock ends with its process, even if that
is killed. It is `flock`: on a shared file system it must be one that honours it between hosts.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioning.files import durable
from ray_cluster.errors import ArchiveInUse, EpochExhausted, Fenced

SEQ_BITS: Final = 40
MAX_EPOCH: Final = 2**13 - 1
"""Largest epoch: `commit_seq` stays below 2**53, the integers that JSON readers keep exact."""
_POLL_S: Final = 0.02


@contextmanager
def locked(directory: Path, *, timeout_s: float = 30.0) -> Iterator[None]:
    """Lock out commits inside this block. The epoch does not change: its holder goes on afterwards.

    Raises:
        ArchiveInUse: a commit does not end within `timeout_s`.
    """
    path = directory / "epoch.lock"
    deadline = time.monotonic() + timeout_s
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise ArchiveInUse(
                        f"{path}: held by another archiver for {timeout_s:g} s; end that process"
                    ) from error
                time.sleep(_POLL_S)
            else:
                break
        yield
    finally:
        os.close(lock)


class Epoch:
    """Epoch of this process, taken at construction.

    Raises:
        ArchiveInUse: a commit of the previous holder did not end within `timeout_s`, or the number is damaged.
        EpochExhausted: no number is left.
    """

    def __init__(self, directory: Path, *, timeout_s: float = 30.0) -> None:
        self._path = directory / "epoch"
        self._directory = directory
        self._timeout_s = timeout_s
        with locked(self._directory, timeout_s=self._timeout_s):
            self.number = self._read() + 1
            if self.number > MAX_EPOCH:
                raise EpochExhausted(f"{self._path}: epoch {self.number} is over {MAX_EPOCH}; start a new archive_dir")
            durable.write(self._path, f"{self.number}\n".encode("ascii"))

    def commit_seq(self, seq: int) -> int:
        """Return the archive-wide number of the `seq`-th row of this epoch."""
        if not 0 < seq < 1 << SEQ_BITS:
            raise ValueError(f"sequence {seq} does not fit {SEQ_BITS} bits")
        return self.number << SEQ_BITS | seq

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for writes, which are allowed inside this block only.

        Raises:
            Fenced: another archiver has taken over.
        """
        with locked(self._directory, timeout_s=self._timeout_s):
            current = self._read()
            if current != self.number:
                raise Fenced(f"{self._path}: epoch {current} has replaced ours, {self.number}; this archiver must end")
            yield

    def _read(self) -> int:
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return 0
        except UnicodeDecodeError:
            text = ""
        if not text.strip().isdigit():
            raise ArchiveInUse(
                f"{self._path}: is no number; write one above the epoch of the last commit (commit_seq >> {SEQ_BITS})"
            )
        return int(text)
