"""Finds the packs of an archive, and makes a prefix of a store those of one archive alone.

The directory of an archive says where its packs lie: in `pack_store.json`, which its writer writes, or without that
file on disk. The archive's id stands there and in the store (`PREFIX/archive.json`, created by a conditional write):
two archives on one prefix would sweep and drop each other's packs as orphans.
"""

import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.contracts.config.cluster import PackStore as PackStoreSettings
from provisioning.contracts.wire.messages import Message
from ray_cluster.archive.atomic_files import disk_errors, replace_bytes
from ray_cluster.archive.fencing import locked
from ray_cluster.archive.object_store.object_packs import ObjectPacks, refuse_versions
from ray_cluster.archive.object_store.objects import Objects
from ray_cluster.archive.packs import Packs, PackStore
from ray_cluster.errors import ArchiveUnreadable, StoreRefused

MARK: Final = "pack_store.json"
_OWNER: Final = "archive.json"
_NO_STATE: Final = f'"{"0" * 32}"'
"""An entity tag that no object has."""


class StoreMark(Message):
    """Id of an archive, and the store of its packs; a file of the archive directory."""

    archive: str
    store: PackStoreSettings
    claimed: bool = False
    """False until the store is known to have the id: a first claim that was cut off is made again."""


def open_packs(directory: Path) -> PackStore:
    """Open the packs of an archive directory. Call it for each use: an archiver may have moved to another endpoint.

    Raises:
        ArchiveUnreadable: the file that says where they lie is damaged.
        StoreRefused: the credentials cannot be read.
    """
    path = directory / MARK
    try:
        changed_ns = path.stat().st_mtime_ns
    except FileNotFoundError:
        return Packs(directory / "packs")
    return _opened(path, changed_ns)


def store_of(directory: Path, configured: PackStoreSettings | None) -> tuple[PackStoreSettings, str] | None:
    """Find the store of an archive's packs, and the archive's id in it; None: they lie on disk.

    The id is empty until the writer has claimed the store.

    Raises:
        ArchiveUnreadable: the file that says where they lie is damaged.
    """
    mark = _read(directory / MARK)
    if mark is None:
        return None if configured is None else (configured, "")
    return mark.store, mark.archive if mark.claimed else ""


def check_claim(objects: Objects, settings: PackStoreSettings, archive: str) -> None:
    """Ask a store for the id of an archive, one small request.

    Raises:
        ArchiveUnreadable, StoreDenied: the store does not answer as it should.
        StoreRefused: it does not hold the packs of this archive.
    """
    found = objects.get(f"{settings.prefix}/{_OWNER}")
    if archive and (found is None or found.content != archive.encode()):
        raise StoreRefused(_gone(settings))


def claim_packs(directory: Path, settings: PackStoreSettings | None) -> None:
    """Claim the place of an archive's packs for its writer, which may begin then.

    Raises:
        StoreRefused: another archive has the prefix, the bucket keeps versions, the store does not honour conditional
            writes, or the archive's packs lie elsewhere; or the credentials cannot be read.
        ArchiveInUse, ArchiveUnreadable, ArchiveWriteFailed: not claimed; try again.
    """
    mark = _read(directory / MARK)
    if settings is None:
        if mark is not None and mark.claimed:
            raise StoreRefused(f"{directory}: its packs lie in {_place(mark.store)}; state that as [pack_store]")
        (directory / MARK).unlink(missing_ok=True)
    else:
        claim_store(directory, settings)


def claim_beside(first: Path, directory: Path, number: int) -> None:
    """Claim the place of the packs of partition `number` in the store of partition 0. Raises as `claim_packs`."""
    mark = _read(first / MARK)
    claim_packs(directory, None if mark is None else mark.store.of_partition(number))


def claim_store(directory: Path, settings: PackStoreSettings) -> ObjectPacks:
    """Claim a prefix of a store for the packs of an archive directory, and open them. Raises as `claim_packs`."""
    mark = _read(directory / MARK)
    if mark is not None and (mark.store.bucket, mark.store.prefix) != (settings.bucket, settings.prefix):
        if mark.claimed:
            raise StoreRefused(
                f"{directory}: its packs lie in {_place(mark.store)}, and [pack_store] names {_place(settings)}; "
                "correct it, or back up and restore into the new place"
            )
        mark = None
    if mark is None and Packs(directory / "packs").days():
        raise StoreRefused(
            f"{directory}: its packs lie on disk; leave [pack_store] out, or back up and restore with it into a new "
            "archive_dir"
        )
    with disk_errors(directory):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    objects = _objects(settings)
    with locked(directory):
        refuse_versions(objects)
        _claim(directory, mark, settings, objects)
    return ObjectPacks(objects, settings.prefix)


def _claim(directory: Path, mark: StoreMark | None, settings: PackStoreSettings, objects: Objects) -> None:
    owner = f"{settings.prefix}/{_OWNER}"
    if mark is None:
        if objects.get(owner) is not None or next(objects.listing(f"{settings.prefix}/packs/"), None) is not None:
            raise StoreRefused(_taken(settings))
        mark = StoreMark(archive=secrets.token_hex(16), store=settings)
        _write(directory, mark)
    content = mark.archive.encode()
    if not mark.claimed:
        objects.create(owner, content)
    found = objects.get(owner)
    if found is None or found.content != content:
        raise StoreRefused(_gone(settings) if mark.claimed else _taken(settings))
    # A store that does not know a condition ignores it: what it would write here is what is there.
    if objects.create(owner, content) or objects.replace(owner, content, _NO_STATE):
        raise StoreRefused(
            "pack_store: the store ignores If-None-Match or If-Match on a PUT; use one that honours both"
        )
    _write(directory, StoreMark(archive=mark.archive, store=settings, claimed=True))


def _write(directory: Path, mark: StoreMark) -> None:
    replace_bytes(directory / MARK, mark.model_dump_json().encode())


def _read(path: Path) -> StoreMark | None:
    try:
        return StoreMark.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ArchiveUnreadable(
            f'{path}: cannot be read; write {{"archive": the text of {_OWNER} in the store, "store": [pack_store]}}'
        ) from error


@lru_cache(maxsize=32)
def _opened(path: Path, _changed_ns: int) -> PackStore:
    mark = _read(path)
    if mark is None:
        return Packs(path.parent / "packs")
    return ObjectPacks(_objects(mark.store), mark.store.prefix)


def _objects(settings: PackStoreSettings) -> Objects:
    from ray_cluster.archive.object_store.s3 import S3Objects  # noqa: PLC0415 - the client library is slow to import

    return S3Objects(settings)


def _place(settings: PackStoreSettings) -> str:
    return f"bucket {settings.bucket} under {settings.prefix}"


def _taken(settings: PackStoreSettings) -> str:
    return (
        f"pack_store: {_place(settings)} are packs of another archive; choose another prefix, or delete them if that "
        "archive is gone"
    )


def _gone(settings: PackStoreSettings) -> str:
    return (
        f"pack_store: {_OWNER} in {_place(settings)} is gone or of another archive, so the packs of this one do not "
        f"lie there; correct the endpoint, or write {_OWNER} again with the id in {MARK} to go on without them"
    )
