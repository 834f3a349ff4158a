"""Verifies that an archive is what the centre exported: every file, its signer, its stamp. Names the first fault.

It needs only the archive and the site authority's certificate: no database, no network, no configuration.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes

from center.evidence import cms, manifest, names, timestamp
from center.evidence.manifest import Manifest, ManifestError
from center.evidence.trust import EVIDENCE, STAMPS, Roots, UntrustedError
from center.evidence.zip_container import BrokenArchiveError, Reader, ZipEntry

_KEPT: Final = {names.MANIFEST: manifest.MAX_BYTES, names.SIGNATURE: cms.MAX_BYTES, names.STAMP: timestamp.MAX_BYTES}
Fault = Literal["changed", "missing", "added", "signer", "stamp"]


class RefusedError(Exception):
    """The archive is not as it was exported. `file` is the one that shows it."""

    def __init__(self, file: str, fault: Fault, cause: str) -> None:
        super().__init__(f"{file}: {cause}")
        self.file = file
        self.fault = fault
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Verified:
    """Facts of a verified archive: manifest, signer and stamp."""

    manifest: Manifest
    signer: str
    """Subject and SHA-256 of the signer's certificate."""
    stamped_at: datetime
    stamp_serial: int
    accuracy_ms: int | None


def verify(path: Path, roots: Roots) -> Verified:
    """Verifies the whole archive. Memory: the manifest and a chunk.

    Certificates must have been valid at the stamped time: they end sooner than evidence is needed.

    Raises:
        RefusedError: something is not as it was exported.
        OSError: the file cannot be read.
    """
    entries, seals = _contents(path)
    signature, stamped = seals[names.SIGNATURE], _stamp(seals)
    try:
        signed = cms.read(signature, detached=seals[names.MANIFEST])
    except cms.BadCmsError as error:
        raise RefusedError(names.SIGNATURE, "signer", f"the signature {error}") from error
    try:
        roots.check(signed.leaf, signed.chain, at=stamped.at, usage=EVIDENCE)
    except UntrustedError as error:
        raise RefusedError(names.SIGNATURE, "signer", f"wrong signer: {error}") from error
    try:
        roots.check(stamped.signed.leaf, stamped.signed.chain, at=stamped.at, usage=STAMPS)
    except UntrustedError as error:
        raise RefusedError(names.STAMP, "stamp", f"wrong time-stamping authority: {error}") from error
    try:
        found = Manifest.decode(seals[names.MANIFEST])
    except ManifestError as error:
        raise RefusedError(names.MANIFEST, "changed", str(error)) from error
    _compare(entries, found)
    return Verified(
        manifest=found,
        signer=f"{signed.leaf.subject.rfc4514_string()} {signed.leaf.fingerprint(hashes.SHA256()).hex()}",
        stamped_at=stamped.at,
        stamp_serial=stamped.serial,
        accuracy_ms=stamped.accuracy_ms,
    )


def _contents(path: Path) -> tuple[list[ZipEntry], dict[str, bytes]]:
    entries: list[ZipEntry] = []
    seals: dict[str, bytes] = {}
    try:
        for entry, content in Reader.open(path).entries(lambda name: _KEPT.get(name, 0)):
            entries.append(entry)
            if entry.name in _KEPT:
                if entry.size > _KEPT[entry.name]:
                    raise RefusedError(entry.name, "changed", f"has more than {_KEPT[entry.name]} bytes")
                seals[entry.name] = content
    except BrokenArchiveError as error:
        raise RefusedError(error.file, "changed", error.cause) from error
    for name in names.SEALS:
        if name not in seals:
            raise RefusedError(name, "missing", "is not in the archive")
    return entries, seals


def _stamp(seals: dict[str, bytes]) -> timestamp.Stamp:
    try:
        return timestamp.read(seals[names.STAMP], seals[names.SIGNATURE])
    except timestamp.BadStampError as error:
        raise RefusedError(names.STAMP, "stamp", f"the time stamp {error}") from error


def _compare(entries: list[ZipEntry], found: Manifest) -> None:
    there = {entry.name: entry for entry in entries}
    for fact in found.files:
        entry = there.get(fact.name)
        if entry is None:
            raise RefusedError(fact.name, "missing", "is in the manifest and not in the archive")
        if (entry.sha256, entry.size) != (fact.sha256, fact.size):
            raise RefusedError(fact.name, "changed", "is not the file that was signed")
    listed = [*(fact.name for fact in found.files), *names.SEALS]
    known = frozenset(listed)
    for entry in entries:
        if entry.name not in known:
            raise RefusedError(entry.name, "added", "is in the archive and not in the manifest")
    for entry, name in zip(entries, listed, strict=True):
        if entry.name != name:
            raise RefusedError(entry.name, "changed", "is not in its place: the archive was packed anew")
