"""Checks if this machine may take a release: by the order before the fetch, by its own signature after it.

Nothing is unpacked here: root's part checks all of it again.
"""

import hashlib
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from edge_agent.errors import UpdateRefused
from provisioning.contracts.causes import software
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.release import is_older, parse_manifest, read_head
from provisioning.contracts.fleet.rollout import ReleaseFile, SoftwareOrder

UNPACKED: Final = 5
"""Times the archive: its copy, the same unpacked, and what wheels unpack to (measured 2.9 in all for the edge)."""
SPARE_BYTES: Final = 64 * 1024**2
"""Room for the spool, which goes on meanwhile."""


@dataclass(frozen=True, slots=True)
class InstalledSoftware:
    """The software that runs here, and its platform."""

    role: str
    version: str
    arch: str
    python: str

    @classmethod
    def here(cls, installed_dir: Path, version: str) -> "InstalledSoftware":
        """Describe this machine.

        Raises:
            UpdateRefused: it was not installed by `install.sh`.
        """
        try:
            role = (installed_dir / "role").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UpdateRefused(software.NOT_INSTALLED(folder=installed_dir)) from error
        return cls(role, version, platform.machine(), f"{sys.version_info.major}.{sys.version_info.minor}")


def check_order(order: SoftwareOrder, machine: InstalledSoftware, *, free_bytes: int, fetched_bytes: int) -> None:
    """Check that this release may be fetched at all.

    Raises:
        UpdateRefused: for another role, architecture or Python; older; or there is no room.
    """
    file = order.file
    if file is None:
        return
    for what, wanted, found in (
        ("role", file.role, machine.role),
        ("architecture", file.arch, machine.arch),
        ("Python", file.python, machine.python),
    ):
        if wanted != found:
            raise UpdateRefused(software.OTHER_PLATFORM(version=order.version, what=what, wanted=wanted, found=found))
    if is_older(order.version, machine.version) and not order.downgrade:
        raise UpdateRefused(software.OLDER(version=order.version, running=machine.version))
    needed = file.bytes - fetched_bytes + UNPACKED * file.bytes + SPARE_BYTES
    if free_bytes < needed:
        raise UpdateRefused(software.NO_ROOM(needed=needed >> 20, free=free_bytes >> 20))


def check_archive(archive: Path, file: ReleaseFile, version: str, release_key_file: Path) -> None:
    """Check that the archive is the one ordered, and signed by the release key that this machine trusts.

    Raises:
        UpdateRefused: it is not.
    """
    try:
        with archive.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        if sha256 != file.sha256:
            raise UpdateRefused(software.WRONG_HASH())
        key = load_pem_public_key(release_key_file.read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise UpdateRefused(software.NO_KEY(file=release_key_file))
        manifest, signature = read_head(archive)
        key.verify(signature, manifest)
        head = parse_manifest(manifest)
    except InvalidSignature as error:
        raise UpdateRefused(software.UNTRUSTED(file=release_key_file)) from error
    except ContractError as error:
        raise UpdateRefused(software.UNREADABLE(detail=error)) from error
    except (OSError, ValueError) as error:
        unreadable = software.UNREADABLE(detail=f"{archive.name}, {release_key_file}: cannot be read ({error})")
        raise UpdateRefused(unreadable) from error
    if (head.role, head.version, head.arch, head.python) != (file.role, version, file.arch, file.python):
        raise UpdateRefused(software.OTHER_RELEASE())
