"""Stores packs as objects, by conditional writes alone, so that a write that arrives late or twice changes nothing.

A pack is created once, under a name that no other write has. An erasure replaces the state of the object that it read:
a replacement that the client gave up on finds another state, or none, and is refused. So no picture that was erased
comes back, and no pack of rows that are there is written over (docs/decisions/0037).
"""

import secrets
from collections.abc import Container, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, Final

from provisioning.contracts.query.archive import PicturePlace
from ray_cluster.archive.object_store.objects import Objects
from ray_cluster.archive.packs import MAGIC, ORPHAN_AGE_S, PackFile, PackStore, check_bounds, checked, places_in
from ray_cluster.errors import ArchiveWriteFailed, PictureDamaged, StoreRefused

_ROUNDS: Final = 5
"""Tries of an erasure. Another try is needed after an answer that was lost, or another erasure in the same pack."""


class ObjectPacks(PackStore):
    """Packs of one archive under a prefix of a bucket. Thread-safe."""

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects = objects
        self._root = f"{prefix}/packs/"
        self._turn = 0

    def write(self, day: str, name: str, pictures: Sequence[bytes]) -> tuple[PicturePlace, ...]:
        pack = f"{day}/{name}-{secrets.token_hex(8)}.pack"
        self.put(pack, MAGIC + b"".join(pictures))
        return places_in(pack, pictures)

    def put(self, pack: str, content: bytes) -> None:
        """Make a pack durable under this name; one that is there with the same content is no error.

        Raises:
            ArchiveFull, ArchiveWriteFailed, ArchiveUnreadable: it may not be there.
        """
        if self._objects.create(self._root + pack, content):
            return
        # The client sends a request again whose answer was lost: the first one made it.
        there = self._objects.get(self._root + pack)
        if there is None or there.content != content:
            raise ArchiveWriteFailed(f"{pack}: another pack of this name is there; restore into an empty prefix")

    def read(self, place: PicturePlace, sha256: str) -> bytes:
        check_bounds(place)
        found = self._objects.get(self._root + place.pack, (place.offset, place.offset + place.length))
        if found is None:
            raise PictureDamaged(f"{place.pack}: missing in the store; restore the pack from a backup")
        if len(found.content) < place.length:
            raise PictureDamaged(f"{place.pack}: ends before the picture does; restore it from a backup")
        return checked(place, found.content, sha256)

    def erase(self, place: PicturePlace) -> None:
        refuse_versions(self._objects)
        for _ in range(_ROUNDS):
            found = self._objects.get(self._root + place.pack)
            if found is None:
                raise PictureDamaged(f"{place.pack}: missing; nothing is left to erase")
            check_bounds(place, len(found.content))
            end = place.offset + place.length
            zeroed = found.content[: place.offset] + bytes(place.length) + found.content[end:]
            if zeroed == found.content or self._objects.replace(self._root + place.pack, zeroed, found.etag):
                return
        raise ArchiveWriteFailed(f"{place.pack}: changed {_ROUNDS} times while a picture was erased; erase it again")

    def days(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._objects.folders(self._root) if name.isdigit()))

    def to_sweep(self) -> tuple[str, ...]:
        # Listing a month takes minutes (a request for a thousand packs), and commits wait meanwhile: a day each time.
        days = self.days()
        self._turn += 1
        return days[self._turn % len(days) :][:1] if days else ()

    def sweep(self, day: str, referenced: Container[str], *, now_s: float) -> int:
        orphans = [
            each.key
            for each in self._objects.listing(f"{self._root}{day}/")
            if now_s - each.changed_s > ORPHAN_AGE_S and each.key.removeprefix(self._root) not in referenced
        ]
        self._objects.delete(orphans)
        return len(orphans)

    def drop(self, day: str) -> None:
        self._objects.delete([each.key for each in self._objects.listing(f"{self._root}{day}/")])

    def files(self, day: str) -> Iterator[PackFile]:
        for each in self._objects.listing(f"{self._root}{day}/"):
            yield PackFile(each.key.removeprefix(self._root), each.size, int(each.changed_s) * 1_000_000_000)

    def open(self, pack: str) -> BinaryIO | None:
        found = self._objects.get(self._root + pack)
        return None if found is None else BytesIO(found.content)


def refuse_versions(objects: Objects) -> None:
    """Refuse a bucket in which an erased picture would stay as an older version.

    Raises:
        StoreRefused: versioning is on, or was.
        ArchiveUnreadable: the store does not answer.
    """
    if objects.keeps_versions():
        raise StoreRefused(
            "pack_store: the bucket has versioning, on or suspended, so erased pictures would stay in it; use a bucket "
            "that never had it"
        )
