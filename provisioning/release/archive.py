"""Writes release archives: all that a role needs, in one signed tar, for a Debian without internet.

`install.sh` reads it.

```
manifest        what it is for (role, version, arch, python), then `sha256 HEX PATH` of every other file
manifest.sig    Ed25519 (RFC 8032) over the manifest: `openssl pkeyutl -verify -rawin` checks it
wheels/  models/  units/  install.sh  act-as.sh
```
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from provisioning.errors import ReleaseError
from provisioning.files import durable

SUFFIX: Final = ".wayside"
PUBLIC_KEY: Final = "release.pub"
_HEAD: Final = "wayside-release 1"


@dataclass(frozen=True, slots=True)
class ReleaseRole:
    """Contents for one kind of machine. `extras`: of this project; `models`: names of manifests."""

    extras: tuple[str, ...]
    programs: tuple[str, ...]
    models: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    debian: tuple[str, ...] = ("python3", "openssl")


_MACHINES: Final = "nanodet-g-416"
_FACES: Final = "centerface"
_REDACTION: Final = (_MACHINES, _FACES, "yunet", "clp-det", "pp-ocr-v4-text")
_CLOCK: Final = "pp-ocr-v4-clock"
"""Reads the time that a camera writes into its picture, with the text detector."""
_LIKENESS: Final = "efficientnet-lite0"
_CLUSTER: Final = ("wayside-cluster", "wayside-engines", "wayside-provision")
"""The last one is for `cluster check`, which compares a machine with its plan on the spot."""
_EDGE_UNITS: Final = (
    "wayside-edge.service",
    "wayside-edge.sysusers",
    "wayside-update.path",
    "wayside-update.service",
    "wayside-update-boot.service",
)
_BUSINESS_UNITS: Final = ("wayside-center.service", "wayside-broker.service", "wayside-provision.service")
_BUSINESS_USERS: Final = ("wayside-business.sysusers",)
ROLES: Final[Mapping[str, ReleaseRole]] = {
    "edge": ReleaseRole(("edge",), ("wayside-edge", "wayside-engines"), (*_REDACTION, _CLOCK), _EDGE_UNITS),
    "business": ReleaseRole(
        ("center", "provisioning"),
        ("wayside-center", "wayside-provision"),
        units=(*_BUSINESS_UNITS, *_BUSINESS_USERS),
        debian=("python3", "openssl", "mosquitto"),
    ),
    "parse": ReleaseRole(("cluster",), _CLUSTER, (_MACHINES, _FACES, _LIKENESS)),
    "archive": ReleaseRole(("cluster",), _CLUSTER, (_LIKENESS,)),
    "storage": ReleaseRole(("cluster",), _CLUSTER),
    "all": ReleaseRole(
        ("edge", "center", "cluster", "provisioning"),
        ("wayside-edge", "wayside-center", *_CLUSTER),
        (*_REDACTION, _CLOCK, _LIKENESS),
        (*_EDGE_UNITS, *_BUSINESS_UNITS, *_BUSINESS_USERS),
        ("python3", "openssl", "mosquitto"),
    ),
}
"""Units of cluster servers are rendered for each county: `wayside-provision cluster render`."""


def role_named(name: str) -> ReleaseRole:
    """Returns the contents of a role.

    Raises:
        ReleaseError: there is none of this name.
    """
    if name not in ROLES:
        raise ReleaseError(f"--role {name}: roles are {', '.join(ROLES)}")
    return ROLES[name]


@dataclass(frozen=True, slots=True)
class Release:
    """Role, version and platform of one archive, and its requirements."""

    role: str
    version: str
    arch: str
    python: str
    requirement: str
    """Requirement that pip installs from the wheels."""
    programs: tuple[str, ...]
    debian: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """File name of the archive."""
        return f"wayside-{self.role}-{self.version}-{self.arch}{SUFFIX}"


def new_key(folder: Path) -> Path:
    """Makes a key that signs releases: `release.key`, mode 0600, and `release.pub` for every machine.

    Returns the path of the former.

    Raises:
        ReleaseError: there is one, or the folder cannot be written.
    """
    file = folder / "release.key"
    if file.exists():
        raise ReleaseError(f"{file}: there is a key already; machines that trust it take no other")
    key = Ed25519PrivateKey.generate()
    try:
        durable.write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        durable.write(folder / PUBLIC_KEY, public_half(key), mode=durable.PUBLIC)
    except OSError as error:
        raise ReleaseError(f"{folder}: a key cannot be written there ({error.strerror})") from error
    return file


def public_half(key: Ed25519PrivateKey) -> bytes:
    """Returns the public key as PEM, the content of `release.pub`."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_key(file: Path) -> Ed25519PrivateKey:
    """Reads the key that `new_key` wrote.

    Raises:
        ReleaseError: missing, readable by others, or none.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise ReleaseError(f"{file}: others may read this key; run: chmod 600 {file}")
        key = load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise ReleaseError(f"{file}: cannot be read ({error.strerror}); make release-key makes one, once") from error
    except (ValueError, TypeError) as error:
        raise ReleaseError(f"{file}: holds no private key that can be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseError(f"{file}: is no Ed25519 key; make release-key makes one")
    return key


def pack(release: Release, tree: Path, key: Ed25519PrivateKey, out: Path) -> Path:
    """Signs everything under `tree` and writes the archive to the folder `out`. Returns its path.

    Raises:
        ReleaseError: a name in the tree that no manifest can hold, or it cannot be written.
    """
    files = dict(_files(tree))
    manifest = _manifest(release, files).encode()
    target = out / release.name
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (
            durable.replacing(target, mode=durable.PUBLIC) as draft,
            tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as archive,
        ):
            _add(archive, "manifest", manifest)
            _add(archive, "manifest.sig", key.sign(manifest))
            for name, path in files.items():
                archive.add(path, name, recursive=False, filter=plain_member)
    except OSError as error:
        raise ReleaseError(f"{target}: cannot be written ({error.strerror})") from error
    return target


def _files(tree: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ReleaseError(f"{path}: a release holds plain files alone")
        if path.is_file():
            if not name.isascii() or not name.isprintable() or " " in name or name.startswith("manifest"):
                raise ReleaseError(f"{path}: no name for a file of a release")
            yield name, path


def _manifest(release: Release, files: Mapping[str, Path]) -> str:
    lines = [
        _HEAD,
        f"role {release.role}",
        f"version {release.version}",
        f"arch {release.arch}",
        f"python {release.python}",
        f"requirement {release.requirement}",
        f"programs {' '.join(release.programs)}",
        f"debian {' '.join(release.debian)}",
    ]
    for name, path in files.items():
        with path.open("rb") as file:
            lines.append(f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()} {name}")
    return "\n".join(lines) + "\n"


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    archive.addfile(member, io.BytesIO(data))


def plain_member(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Removes owner and time: the same bytes make the same archive on every machine."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member
