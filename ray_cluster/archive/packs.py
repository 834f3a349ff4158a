"""Stores pictures in packs: the pictures of one commit in one file, so that a commit costs one fsync, not two hundred.

A pack is the eight bytes `WAYPACK1`, then JPEGs end to end; rows hold offset and length. A pack is written under a
temporary name and appears complete or not at all. It never changes again, except by an erasure.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from provisioning.contracts.query.archive import PicturePlace
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from provisioning.files import durable
from ray_cluster.archive.atomic_files import disk_errors
from ray_cluster.errors import PictureDamaged, PictureErased

MAGIC: Final = b"WAYPACK1"
ORPHAN_AGE_S: Final = 24 * 3600
"""Age at which a pack without rows, left by a failed commit, is swept; no commit takes nearly as long."""


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack as a backup compares it; `pack` is its name in rows."""

    pack: str
    size: int
    changed_ns: int


class PackStore(Protocol):
    """Packs of one archive, wherever they lie."""

    def write(self, day: str, name: str, pictures: Sequence[bytes]) -> tuple[PicturePlace, ...]:
        """Make one pack durable. `day` is YYYYMMDD, `name` unique in it (hexadecimal).

        Raises:
            ArchiveFull: no space; nothing of the pack remains.
            ArchiveWriteFailed, ArchiveUnreadable: failed otherwise; what is left of the pack, if anything, is swept.
        """

    def read(self, place: PicturePlace, sha256: str) -> bytes:
        """Read the picture at `place` and check it against the hash of its row.

        Raises:
            PictureErased: zeroed on purpose.
            PictureDamaged: missing, too short, or other bytes.
            ArchiveUnreadable: a store does not answer; try again.
        """

    def erase(self, place: PicturePlace) -> None:
        """Overwrite one picture with zeros, for good. A second erasure is no error.

        Raises:
            PictureDamaged: the pack is missing, or `place` is not inside it.
            ArchiveUnreadable, ArchiveWriteFailed: the zeros may not be durable; call again.
        """

    def days(self) -> tuple[str, ...]:
        """List the days that have packs, oldest first. Raises `ArchiveUnreadable`."""

    def to_sweep(self) -> tuple[str, ...]:
        """List the days to sweep this time. Raises `ArchiveUnreadable`."""

    def sweep(self, day: str, referenced: Container[str], *, now_s: float) -> int:
        """Remove packs older than `ORPHAN_AGE_S` that no row of `day` refers to; return their number.

        Raises:
            ArchiveUnreadable, ArchiveWriteFailed: some are left.
        """

    def drop(self, day: str) -> None:
        """Remove every pack of a day whose rows are gone. Raises as `sweep`."""

    def files(self, day: str) -> Iterator[PackFile]:
        """List the packs of a day. Raises `ArchiveUnreadable`."""

    def open(self, pack: str) -> BinaryIO | None:
        """Open a pack for reading it whole; None if it was dropped meanwhile. Raises `ArchiveUnreadable`."""


class Packs(PackStore):
    """The pack files of an archive, in one folder a day."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, day: str, name: str, pictures: Sequence[bytes]) -> tuple[PicturePlace, ...]:
        folder = self._root / day
        final = folder / f"{name}.pack"
        with disk_errors(final):
            if not folder.is_dir():
                folder.mkdir(parents=True, mode=0o700)
                durable.settle(self._root)
            if final.exists():
                # Its pictures would be gone. A restored archive without its epoch file would come here.
                raise FileExistsError(errno.EEXIST, "a pack of this name is there", str(final))
            with durable.replacing(final) as draft, draft.open("wb") as file:
                file.write(MAGIC)
                file.writelines(pictures)
        return places_in(f"{day}/{name}.pack", pictures)

    def read(self, place: PicturePlace, sha256: str) -> bytes:
        path = self._root / place.pack
        try:
            with path.open("rb") as file:
                check_bounds(place, os.fstat(file.fileno()).st_size)
                file.seek(place.offset)
                picture = file.read(place.length)
        except OSError as error:
            raise PictureDamaged(f"{place.pack}: {error.strerror}; restore the pack from a backup") from error
        return checked(place, picture, sha256)

    def erase(self, place: PicturePlace) -> None:
        path = self._root / place.pack
        with disk_errors(path):
            try:
                file = path.open("r+b")
            except FileNotFoundError as error:
                raise PictureDamaged(f"{place.pack}: missing; nothing is left to erase") from error
            with file:
                check_bounds(place, os.fstat(file.fileno()).st_size)
                file.seek(place.offset)
                file.write(bytes(place.length))
                file.flush()
                os.fsync(file.fileno())

    def days(self) -> tuple[str, ...]:
        if not self._root.is_dir():
            return ()
        return tuple(sorted(folder.name for folder in self._root.iterdir() if folder.name.isdigit()))

    def to_sweep(self) -> tuple[str, ...]:
        return self.days()

    def sweep(self, day: str, referenced: Container[str], *, now_s: float) -> int:
        swept = 0
        for path in (self._root / day).iterdir():
            if now_s - path.stat().st_mtime > ORPHAN_AGE_S and f"{day}/{path.name}" not in referenced:
                path.unlink()
                swept += 1
        return swept

    def drop(self, day: str) -> None:
        folder = self._root / day
        if folder.is_dir():
            shutil.rmtree(folder)

    def files(self, day: str) -> Iterator[PackFile]:
        for path in sorted((self._root / day).glob("[!.]*.pack")):
            try:
                stat = path.stat()
            except FileNotFoundError:  # swept meanwhile
                continue
            yield PackFile(f"{day}/{path.name}", stat.st_size, stat.st_mtime_ns)

    def open(self, pack: str) -> BinaryIO | None:
        try:
            return (self._root / pack).open("rb")
        except FileNotFoundError:
            return None


def places_in(pack: str, pictures: Sequence[bytes]) -> tuple[PicturePlace, ...]:
    """Return the places of pictures in a pack that holds just these."""
    places = []
    offset = len(MAGIC)
    for picture in pictures:
        places.append(PicturePlace(pack=pack, offset=offset, length=len(picture)))
        offset += len(picture)
    return tuple(places)


def checked(place: PicturePlace, picture: bytes, sha256: str) -> bytes:
    """Return the bytes that were read at `place` if they are the picture of the row.

    Raises:
        PictureErased, PictureDamaged: they are zeros, or others.
    """
    if hashlib.sha256(picture).hexdigest() == sha256:
        return picture
    if not picture.strip(b"\0"):
        raise PictureErased(f"{place.pack} at {place.offset}: the picture was erased")
    raise PictureDamaged(f"{place.pack} at {place.offset}: other bytes than the row says; restore from a backup")


def check_bounds(place: PicturePlace, size: int | None = None) -> None:
    """Raise `PictureDamaged` for a place that is no picture, or not inside a pack of this size."""
    if not (len(MAGIC) <= place.offset and 0 < place.length <= MAX_MESSAGE_BYTES):
        raise PictureDamaged(f"{place.pack}: {place.length} bytes at {place.offset} are no picture; check the row")
    if size is not None and place.offset + place.length > size:
        raise PictureDamaged(f"{place.pack}: ends at {size}, before the picture does; restore it from a backup")
