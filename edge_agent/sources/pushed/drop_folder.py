"""Takes pictures from a folder that a device stores them into, by FTP for instance.

The folder has to lie in memory (tmpfs or ramfs): what is stored is raw. A file is taken when it has been left alone for
a moment, read, removed, and only then decoded. Names mean nothing here and are shown nowhere: people and cameras write
plates and places into them. `edge_agent.clock` paces the rounds; there is no inotify, which a full queue makes blind.
"""

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Self

from edge_agent.clock import Clock
from edge_agent.errors import NotFound, SourceError
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.pushed.bounded_decoder import MAX_FILE_BYTES, BoundedDecoder, RawPicture
from edge_agent.sources.still import Still
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality, CodedCause

LOOK_S: Final = 0.5
QUIET_S: Final = 1.0
"""A file that has not changed for so long may be complete: its content decides."""
GIVEN_UP_S: Final = 30.0
"""And one that is not complete after so long will not be."""
_MAX_ENTRIES: Final = 4096
"""Entries read in one round."""
_MOUNTS: Final = Path("/proc/self/mountinfo")
_SWAPS: Final = Path("/proc/swaps")
_SMALLEST_BYTES: Final = 64
"""Smallest file that can be distinguished from the beginning of one."""
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


class DropFolder:
    """Delivers the pictures of a folder.

    Never offline while the folder is there: a quiet street looks like a dead device.
    """

    def __init__(
        self, camera_id: str, source: processes.DropFolderSource, decoder: BoundedDecoder, clock: Clock
    ) -> None:
        self._camera_id = camera_id
        self._path = source.path
        self._decoder = decoder
        self._clock = clock

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        """Delivers pictures. Capture time is when the file was complete, by this machine's clock.

        Raises:
            NotFound: no such folder, not to be read or written, or it does not lie in memory.
        """
        folder = self._open()
        failure: SourceError | None = None
        try:
            yield from self._rounds(folder, stop)
        except OSError as error:
            failure = self._trouble(error)
        finally:
            os.close(folder)
        if failure is not None:  # raised outside the handler: the system's error holds a name and would come along
            raise failure

    def _open(self) -> int:
        try:
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            failure = self._trouble(error)
        else:
            device = os.fstat(folder).st_dev
            why = why_not_in_memory((os.major(device), os.minor(device)), _MOUNTS.read_text(), _SWAPS.read_text())
            if why is None:
                return folder
            os.close(folder)
            failure = NotFound(self._camera_id, why)
        raise failure

    def _rounds(self, folder: int, stop: threading.Event) -> Iterator[Glance | Skipped]:
        watch = _Watch(folder, self._clock)
        while not stop.is_set():
            self._check_place(folder)
            for file in watch.quiet():
                yield from self._take_file(folder, file, watch, stop)
                if stop.is_set():
                    return
            if watch.sees_something_strange:
                yield self._skipped(
                    SkipReason.UNKNOWN_FORMAT,
                    "a sub-folder, link or pipe: let the device store into the folder itself, and remove it",
                )
            self._clock.wait(stop, LOOK_S)

    def _check_place(self, folder: int) -> None:
        """Checks that the path still leads to the open folder; something else may have been mounted there."""
        now, then = self._path.stat(), os.fstat(folder)
        if (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino):
            raise NotFound(self._camera_id, pictures.FOLDER_REPLACED())

    def _take_file(
        self, folder: int, file: "_Quiet", watch: "_Watch", stop: threading.Event
    ) -> Iterator[Glance | Skipped]:
        """Takes one file that is not written any more, if it is a picture, or is given up."""
        if file.sight.size > MAX_FILE_BYTES:
            if _remove(folder, file):
                yield self._skipped(SkipReason.TOO_LARGE, f"a file is over {MAX_FILE_BYTES} bytes")
            return
        files = self._decoder.files
        if not files.take_bytes(file.sight.size, stop):
            return
        data: bytes | None = None
        try:
            data = _claim(folder, file, watch)
        finally:
            if data is None:
                files.give_bytes(file.sight.size)
        if data is None:
            return
        at_ms = min(file.sight.changed_ns // 1_000_000, self._clock.now_ms())
        raw = RawPicture(self._camera_id, at_ms, ClockQuality.ARRIVAL, _key(file, data), data, files)
        del data
        yield from self._decoder.show(raw, stop)

    def _skipped(self, reason: SkipReason, message: str) -> Skipped:
        return Skipped(self._camera_id, reason, message)

    def _trouble(self, error: OSError) -> SourceError:
        return NotFound(self._camera_id, pictures.FOLDER_UNUSABLE(error=error.strerror))


@dataclass(frozen=True, slots=True)
class _Sight:
    """State of a file in one round: while it stays the same, the file is not being written."""

    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    """Change time by the kernel's clock; no client can set it."""

    @classmethod
    def of(cls, info: os.stat_result) -> Self:
        return cls(info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A file that has been left alone for a while."""

    name: str = field(repr=False)
    sight: _Sight
    quiet_s: float


class _Watch:
    """Finds the files that have been left alone, round by round."""

    def __init__(self, folder: int, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._since_s: dict[str, tuple[_Sight, float]] = {}
        self._left: dict[str, _Sight] = {}
        self._strange: frozenset[str] = frozenset()
        self.sees_something_strange = False
        """An entry that is no file turned up in the last round."""

    def quiet(self) -> list[_Quiet]:
        """Reads the folder once; returns the files left alone, the oldest first."""
        now_s = self._clock.monotonic_s()
        seen: dict[str, tuple[_Sight, float]] = {}
        strange = set[str]()
        with os.scandir(self._folder) as entries:
            for entry in islice(entries, _MAX_ENTRIES):
                try:
                    info = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(info.st_mode):
                    strange.add(entry.name)
                    continue
                sight = _Sight.of(info)
                before, since_s = self._since_s.get(entry.name, (sight, now_s))
                seen[entry.name] = (sight, since_s if before == sight else now_s)
        self._since_s = seen
        self._left = {name: sight for name, sight in self._left.items() if name in seen and seen[name][0] == sight}
        self.sees_something_strange = not strange <= self._strange
        self._strange = frozenset(strange)
        quiet = [_Quiet(name, sight, now_s - since_s) for name, (sight, since_s) in seen.items()]
        return sorted((file for file in quiet if self._is_due(file)), key=lambda file: file.sight.changed_ns)

    def leave(self, file: _Quiet) -> None:
        """Leaves half a picture: it is not tried again before it changes, or is given up."""
        self._left[file.name] = file.sight

    def _is_due(self, file: _Quiet) -> bool:
        patience_s = GIVEN_UP_S if file.name in self._left else QUIET_S
        return file.quiet_s >= patience_s or file.sight.size > MAX_FILE_BYTES


def _claim(folder: int, file: _Quiet, watch: _Watch) -> bytes | None:
    """Returns the content of a file and removes it; None when it has to stay, or is gone already."""
    data = _read(folder, file)
    if data is None:
        return None
    if file.quiet_s < GIVEN_UP_S and not _is_complete(data):
        watch.leave(file)
        return None
    return data if _remove(folder, file) else None


def _read(folder: int, file: _Quiet) -> bytes | None:
    """Reads the whole file; None when it is no longer the one that was seen."""
    try:
        handle = os.open(file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP}:  # gone, or a link now
            return None
        raise
    with os.fdopen(handle, "rb", buffering=0) as opened:
        if _Sight.of(os.fstat(handle)) != file.sight:
            return None
        data = opened.read(file.sight.size)
        return data if len(data) == file.sight.size and _Sight.of(os.fstat(handle)) == file.sight else None


def _remove(folder: int, file: _Quiet) -> bool:
    """Removes the file that was seen; returns False if it was gone. Another one that took its name stays."""
    mine = f".wayside-{file.sight.inode}-{file.sight.changed_ns}"
    try:
        os.rename(file.name, mine, src_dir_fd=folder, dst_dir_fd=folder)
    except FileNotFoundError:
        return False
    if os.stat(mine, dir_fd=folder, follow_symlinks=False).st_ino != file.sight.inode:
        return False
    os.unlink(mine, dir_fd=folder)
    return True


def _is_complete(data: bytes) -> bool:
    """True for a whole picture, or for none at all; False for the beginning of one."""
    try:
        Still(data)
    except UnusablePictureError as error:
        return error.reason is not SkipReason.BROKEN and len(data) >= _SMALLEST_BYTES
    return True


def _key(file: _Quiet, data: bytes) -> str:
    """Returns a key that is unique, with nothing of the name in it."""
    digest = hashlib.sha256(f"{file.sight.inode} {file.sight.changed_ns} ".encode())
    digest.update(data)
    return f"d{digest.hexdigest()[:32]}"


def why_not_in_memory(device: tuple[int, int], mounts: str, swaps: str) -> CodedCause | None:
    """Returns the fault of this file system, by proc(5); None when its files never reach a disk.

    `device`: major and minor number. `mounts`: /proc/self/mountinfo. `swaps`: /proc/swaps. A tmpfs is swapped out like
    any memory unless it was mounted with `noswap` (Linux 6.4); a ramfs never is.
    """
    kind, options = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, details = before.split(), after.split()
        if len(fields) > 2 and len(details) > 2 and fields[2] == f"{device[0]}:{device[1]}":
            kind, options = details[0], details[2]
    if kind not in _IN_MEMORY:
        return pictures.FOLDER_ON_DISK(kind=kind or "?")
    if kind == "tmpfs" and "noswap" not in options.split(",") and _swaps_to_disk(swaps):
        return pictures.FOLDER_SWAPPED()
    return None


def _swaps_to_disk(swaps: str) -> bool:
    """True if a swap is on a disk; compressed memory (zram) is none."""
    return any(not line.startswith("/dev/zram") for line in swaps.splitlines()[1:] if line.strip())
