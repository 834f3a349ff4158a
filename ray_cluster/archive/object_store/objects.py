"""Defines the operations of an object store that packs rely on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Content of an object, or the part that was asked for, and the entity tag of this state of it."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing."""

    key: str
    size: int
    changed_s: float


class Objects(Protocol):
    """Objects of one bucket, strongly consistent: what was written whole is read by all from then on.

    A write that fails with `ArchiveWriteFailed` may have been carried out, or may be carried out later, once: the
    client has given up on it, and the store has not. Both writes are therefore conditional.
    """

    def create(self, key: str, content: bytes) -> bool:
        """Write an object that is not there yet (`If-None-Match: *`); False if it is there.

        Raises:
            ArchiveFull, ArchiveWriteFailed: it is not known to be written.
        """

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        """Replace this state of an object (`If-Match`); False if it has another by now, or is gone.

        Raises:
            ArchiveFull, ArchiveWriteFailed: it is not known to be replaced.
        """

    def get(self, key: str, span: tuple[int, int] | None = None) -> StoredObject | None:
        """Read an object, or of its bytes `span` (first, end) those that it has; None if it is not there.

        Raises:
            ArchiveUnreadable: try again.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is gone is no error.

        Raises:
            ArchiveWriteFailed: some may be left.
        """

    def listing(self, prefix: str) -> Iterator[Listed]:
        """List the objects under a prefix. Raises `ArchiveUnreadable`."""

    def folders(self, prefix: str) -> Iterator[str]:
        """List the parts up to the next `/` that follow a prefix. Raises `ArchiveUnreadable`."""

    def keeps_versions(self) -> bool:
        """True if the bucket keeps what is overwritten or deleted, or once did. Raises `ArchiveUnreadable`."""
