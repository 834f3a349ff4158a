"""Reads a release archive's manifest and signature, for the service that hands it out and the agent that installs it.

`provisioning.release` writes it, `deploy/install.sh` reads it as well. A head is bounded and read without unpacking.
"""

import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.errors import ContractError, RejectReason

MAX_RELEASE_BYTES: Final = 2 * 1024**3
MAX_HEAD_BYTES: Final = 4 * 1024**2
SIGNATURE_BYTES: Final = 64
VERSION_PATTERN: Final = r"^[0-9A-Za-z][0-9A-Za-z.+!_-]{0,63}$"
_HEAD: Final = "wayside-release 1"
_WORD: Final = re.compile(r"[A-Za-z0-9_.+!-]{1,64}")
_VERSION: Final = re.compile(
    r"(?P<release>\d{1,9}(?:\.\d{1,9}){0,5})(?:(?P<phase>a|b|rc)(?P<count>\d{1,9}))?(?:\.post(?P<post>\d{1,9}))?"
    r"(?:\.dev(?P<dev>\d{1,9}))?(?:\+[0-9A-Za-z.]{1,40})?"
)
_PHASES: Final = {"a": 0, "b": 1, "rc": 2}
_FINAL: Final = 3
_NEVER: Final = 10**10

VersionKey = tuple[tuple[int, ...], int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReleaseHead:
    """Role, version and platform of one archive."""

    role: str
    version: str
    arch: str
    python: str


def parse_manifest(manifest: bytes) -> ReleaseHead:
    """Reads a manifest.

    Raises:
        ContractError: it is none.
    """
    try:
        lines = manifest.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ContractError(RejectReason.MALFORMED, "a release's manifest is plain text, and this is none") from error
    if lines[0] != _HEAD:
        raise ContractError(RejectReason.UNKNOWN_VERSION, f"no manifest of a release: it begins with {_HEAD!r}")
    found: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(" ")
        found.setdefault(name, value)
    words = {name: found.get(name, "") for name in ("role", "version", "arch", "python")}
    for name, value in words.items():
        if _WORD.fullmatch(value) is None:
            raise ContractError(RejectReason.MALFORMED, f"a release's manifest names its {name}, and this does not")
    return ReleaseHead(**words)


def read_head(path: Path) -> tuple[bytes, bytes]:
    """Returns the manifest of an archive and the signature over it, both unverified.

    Raises:
        ContractError: the file is no release archive.
        OSError: the file cannot be read.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:") as archive:
            for name, limit in (("manifest", MAX_HEAD_BYTES), ("manifest.sig", SIGNATURE_BYTES)):
                member = archive.next()
                if member is None or member.name != name or not member.isfile() or not 0 < member.size <= limit:
                    raise ContractError(RejectReason.MALFORMED, f"{path.name}: no release archive: it has no {name}")
                content = archive.extractfile(member)
                found[name] = b"" if content is None else content.read(limit)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise ContractError(RejectReason.MALFORMED, f"{path.name}: no release archive, or cut short") from error
    return found["manifest"], found["manifest.sig"]


def version_key(version: str) -> VersionKey | None:
    """Returns a sort key in the order of PEP 440; None for a text that is no version. `install.sh` has the same."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    release = tuple(int(part) for part in match["release"].split("."))
    while release and release[-1] == 0:
        release = release[:-1]
    phase, count = (_FINAL, 0) if match["phase"] is None else (_PHASES[match["phase"]], int(match["count"]))
    post = -1 if match["post"] is None else int(match["post"])
    dev = _NEVER if match["dev"] is None else int(match["dev"])
    if match["dev"] is not None and match["phase"] is None and match["post"] is None:
        phase = -1  # a development build of a version comes before its first alpha
    return release, phase, count, post, dev


def is_older(version: str, installed: str) -> bool:
    """True if going from `installed` to `version` is a downgrade; versions that cannot be compared count as one."""
    new, present = version_key(version), version_key(installed)
    return version != installed and (new is None or present is None or new < present)
