"""Stores release archives for agents: verified, kept in the home under their hash, handed out in pieces."""

import hashlib
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from provisioning.contracts.fleet.release import MAX_RELEASE_BYTES, ReleaseHead, parse_manifest, read_head, version_key
from provisioning.contracts.fleet.rollout import CHUNK_BYTES, Act, ReleaseFile, SoftwareOrder, Version
from provisioning.contracts.wire.messages import Message
from provisioning.errors import RolloutError
from provisioning.files import durable

FOLDER: Final = "releases"
AGENT_ROLES: Final = frozenset({"edge", "all"})


class SoftwareOffer(Message):
    """Software of a roll-out, with its conditions."""

    file: ReleaseFile
    version: Version
    downgrade: bool
    health_s: float

    def order(self) -> SoftwareOrder:
        """Makes the order to install it."""
        return SoftwareOrder(
            act=Act.INSTALL, version=self.version, file=self.file, downgrade=self.downgrade, health_s=self.health_s
        )

    def order_back(self) -> SoftwareOrder:
        """Makes the order to return to the version before it."""
        return SoftwareOrder(act=Act.BACK, version=self.version, health_s=self.health_s)


def take_in(archive: Path, key_file: Path, home: Path) -> tuple[ReleaseHead, ReleaseFile]:
    """Verifies an archive and keeps a copy of it in the home.

    Raises:
        RolloutError: not for agents, not signed by this key, too large, or there is no room for it.
        ContractError: it is no release archive.
    """
    manifest, signature = read_head(archive)
    try:
        trusted(key_file).verify(signature, manifest)
    except InvalidSignature as error:
        raise RolloutError(f"{archive}: not signed by {key_file}, or changed since: do not use it") from error
    head = parse_manifest(manifest)
    if head.role not in AGENT_ROLES:
        raise RolloutError(f"{archive}: is for role {head.role}, and agents are edge")
    if version_key(head.version) is None:
        raise RolloutError(f"{archive}: version {head.version!r} cannot be compared with another")
    size = archive.stat().st_size
    if size > MAX_RELEASE_BYTES:
        raise RolloutError(f"{archive}: over {MAX_RELEASE_BYTES >> 20} MiB, and no agent takes that")
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(folder).free < 2 * size:
        raise RolloutError(f"{folder}: has no room for {size >> 20} MiB: free some disk")
    sha256 = _sha256(archive)
    with durable.replacing(folder / sha256) as draft:
        shutil.copyfile(archive, draft)
        if _sha256(draft) != sha256:
            raise RolloutError(f"{archive}: changed while it was copied: try again when it is whole")
    return head, ReleaseFile(sha256=sha256, bytes=size, role=head.role, arch=head.arch, python=head.python)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def forget(home: Path, kept: Collection[str]) -> None:
    """Removes the archives that no agent needs any more, all but these.

    Raises:
        OSError: one cannot be removed.
    """
    for file in (home / FOLDER).iterdir():
        if file.name not in kept:
            file.unlink()


def piece(home: Path, sha256: str, offset: int) -> bytes | None:
    """Returns one piece of an archive from `offset` on; None without such an archive or offset.

    Raises:
        OSError: it cannot be read.
    """
    file = home / FOLDER / sha256
    if not file.is_file() or not 0 <= offset < file.stat().st_size:
        return None
    with file.open("rb") as archive:
        archive.seek(offset)
        return archive.read(CHUNK_BYTES)


def trusted(key_file: Path) -> Ed25519PublicKey:
    """Reads the public half of a release key.

    Raises:
        RolloutError: the file holds none.
    """
    try:
        key = load_pem_public_key(key_file.read_bytes())
    except OSError as error:
        raise RolloutError(f"{key_file}: cannot be read ({error.strerror}): give --key release.pub") from error
    except ValueError as error:
        raise RolloutError(f"{key_file}: holds no public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RolloutError(f"{key_file}: is no Ed25519 key")
    return key
