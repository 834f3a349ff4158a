"""Stores pictures in packs: the pictures of one commit in one file, so that a commit costs one fsync, not two hundred.

A pack is the eight bytes `WAYPACK1`, then JPEGs end to end; rows hold offset and length. A pack is written under a
temporary name and appears complete or not at all. It never changes again, except by an erasure.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

from provisioning.contracts.query.archive import PicturePlace
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from provisioning.files import durable
from ray_cluster.archive.atomic_files import disk_errors
from ray_cluster.errors import PictureDamaged, PictureErased

MAGIC: Final = b"WAYPACK1"
ORPHAN_AGE_S: Final = 24 * 3600
"""Age at which a pack without rows, left by a failed commit, is swept; no commit takes nearly as long."""


class Packs:
    """The pack files of an archive, in one folder a day."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def write(self, day: str, name: str, pictures: Sequence[bytes]) -> tuple[PicturePlace, ...]:
        """Make one pack durable. `day` is YYYYMMDD, `name` unique in it (hexadecimal).

        Raises:
            ArchiveFull: no space; nothing of the pack remains.
            ArchiveWriteFailed: the file system refused otherwise.
        """
        places = []
        offset = len(MAGIC)
        for picture in pictures:
            places.append(PicturePlace(pack=f"{day}/{name}.pack", offset=offset, length=len(picture)))
            offset += len(picture)
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
        return tuple(places)

    def read(self, place: PicturePlace, sha256: str) -> bytes:
        """Read the picture at `place` and check it against the hash of its row.

        Raises:
            PictureErased: zeroed on purpose.
            PictureDamaged: missing, too short, or other bytes.
        """
        path = self._root / place.pack
        try:
            with path.open("rb") as file:
                self._check_bounds(place, os.fstat(file.fileno()).st_size)
                file.seek(place.offset)
                picture = file.read(place.length)
        except OSError as error:
            raise PictureDamaged(f"{place.pack}: {error.strerror}; restore the pack from a backup") from error
        if hashlib.sha256(picture).hexdigest() == sha256:
            return picture
        if not picture.strip(b"\0"):
            raise PictureErased(f"{place.pack} at {place.offset}: the picture was erased")
        raise PictureDamaged(f"{place.pack} at {place.offset}: other bytes than the row says; restore from a backup")

    def erase(self, place: PicturePlace) -> None:
        """Overwrite one picture with zeros, for good. A second erasure is no error.

        Raises:
            PictureDamaged: the pack is missing, or `place` is not inside it.
            ArchiveWriteFailed: the zeros could not be made durable.
        """
        path = self._root / place.pack
        with disk_errors(path):
            try:
                file = path.open("r+b")
            except FileNotFoundError as error:
                raise PictureDamaged(f"{place.pack}: missing; nothing is left to erase") from error
            with file:
                self._check_bounds(place, os.fstat(file.fileno()).st_size)
                file.seek(place.offset)
                file.write(bytes(place.length))
                file.flush()
                os.fsync(file.fileno())

    def days(self) -> tuple[str, ...]:
        """List the days that have a folder, oldest first."""
        if not self._root.is_dir():
            return ()
        return tuple(sorted(folder.name for folder in self._root.iterdir() if folder.name.isdigit()))

    def sweep(self, day: str, referenced: Container[str], *, now_s: float) -> int:
        """Remove files older than `ORPHAN_AGE_S` that no row of `day` refers to; return their number."""
        swept = 0
        for path in (self._root / day).iterdir():
            if now_s - path.stat().st_mtime > ORPHAN_AGE_S and f"{day}/{path.name}" not in referenced:
                path.unlink()
                swept += 1
        return swept

    def drop(self, day: str) -> None:
        """Remove every pack of a day whose rows are gone."""
        folder = self._root / day
        if folder.is_dir():
            shutil.rmtree(folder)

    @staticmethod
    def _check_bounds(place: PicturePlace, size: int) -> None:
        if not (len(MAGIC) <= place.offset and 0 < place.length <= MAX_MESSAGE_BYTES):
            raise PictureDamaged(f"{place.pack}: {place.length} bytes at {place.offset} are no picture; check the row")
        if place.offset + place.length > size:
            raise PictureDamaged(f"{place.pack}: ends at {size}, before the picture does; restore it from a backup")
