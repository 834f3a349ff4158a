"""Files as they lie under / of a server, and the manifest with the expected state of each."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from provisioning.files import durable
from provisioning.servers.plan import Disk
from provisioning.servers.ports import Opening

ETC: Final = "/etc/wayside-servers"
MANIFEST: Final = f"{ETC}/manifest.json"
OWNERS: Final = "/etc/tmpfiles.d/wayside-servers.conf"
STORE: Final = ".secrets"
"""Folder beside the servers' folders, with secrets that are made once and kept."""
SECRET: Final = 0o600
PUBLIC: Final = 0o644


@dataclass(frozen=True, slots=True)
class File:
    """One file of a server. `owner`: None for root."""

    path: str
    content: bytes
    mode: int = PUBLIC
    owner: str | None = None

    @classmethod
    def text(cls, path: str, content: str) -> "File":
        """Makes a file that everybody may read."""
        return cls(path, content.encode())


@dataclass(slots=True)
class Tree:
    """Planned files, units, packages, ports and disks of one server."""

    server: str
    version: str
    files: list[File] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    """Units that are to be enabled and active."""
    packages: list[str] = field(default_factory=list)
    openings: Sequence[Opening] = ()
    disks: Sequence[Disk] = ()

    def manifest(self) -> bytes:
        """Writes the manifest for `check`. It has no hash of a secret."""
        facts: dict[str, Any] = {
            "kind": "wayside-servers 1",
            "server": self.server,
            "version": self.version,
            "files": [
                {
                    "path": file.path,
                    "mode": file.mode,
                    "owner": file.owner or "root",
                    "sha256": None if file.mode == SECRET else hashlib.sha256(file.content).hexdigest(),
                }
                for file in self.files
            ],
            "units": self.units,
            "packages": sorted(set(self.packages)),
            "openings": [asdict(each) for each in self.openings],
            "disks": [each.model_dump(mode="json") for each in self.disks],
        }
        return (json.dumps(facts, indent=1) + "\n").encode()

    def write(self, folder: Path) -> None:
        """Writes the files under `folder`, with their modes; `systemd-tmpfiles --create` sets owners on the machine.

        Raises:
            OSError: it cannot be written.
        """
        self.files.append(File.text(OWNERS, _owners(self.files)))
        write([*self.files, File(MANIFEST, self.manifest())], folder)


def write(files: Iterable[File], folder: Path) -> None:
    """Writes files under `folder`, with their modes.

    Raises:
        OSError: it cannot be written.
    """
    for file in files:
        path = folder / file.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, file.content, mode=file.mode)


def _owners(files: Sequence[File]) -> str:
    lines = [f"z {file.path} {file.mode:04o} {file.owner} {file.owner} -" for file in files if file.owner]
    return "# Whose each secret is. Rendered by wayside-provision.\n" + "\n".join(lines) + "\n"
