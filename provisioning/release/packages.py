"""Reads what a wheel says of itself: name, version, requirements, licence texts, and the libraries that it carries."""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from provisioning.errors import ReleaseError

_METADATA: Final = re.compile(r"[^/]+\.dist-info/METADATA")
"""Deeper ones are of packages that a wheel carries unpacked, as Ray's does."""
_TEXT: Final = re.compile(r"licen[cs]e|copying|notice|authors|copyright", re.IGNORECASE)
_LIBRARY: Final = re.compile(r"(?P<name>[^/]+?)(-[0-9a-f]{8})?(?P<before>[0-9.]*)\.so(?P<after>\.[0-9][^/]*)?")
"""Name of a shared library as auditwheel puts it beside a package: a piece of its hash follows the name."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A file inside a wheel."""

    path: str
    sha256: str
    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Package:
    """One package of a release, under its normalised name."""

    name: str
    version: str
    metadata: Message
    file: str | None = None
    """Name of the wheel."""
    sha256: str | None = None
    texts: Mapping[str, bytes] = field(default_factory=dict)
    """Licence texts by their path in the wheel."""
    libraries: tuple[Carried, ...] = ()
    """Shared libraries of other projects, from the folders `*.libs`."""
    bills: tuple[Carried, ...] = ()
    """Bills of materials that the wheel brings itself (PEP 770)."""

    def requirements(self) -> list[Requirement]:
        """Returns what the package requires.

        Raises:
            ReleaseError: a line that is no requirement.
        """
        try:
            return [Requirement(line) for line in self.metadata.get_all("Requires-Dist", [])]
        except InvalidRequirement as error:
            raise ReleaseError(f"{self.name} {self.version}: requires what cannot be read: {error}") from error


def of_wheel(file: Path) -> Package:
    """Reads a wheel.

    Raises:
        ReleaseError: it is none, or without metadata.
    """
    try:
        with zipfile.ZipFile(file) as wheel:
            names = sorted(name for name in wheel.namelist() if not name.endswith("/"))
            (place,) = (name for name in names if _METADATA.fullmatch(name))
            info = place.removesuffix("METADATA")
            metadata = BytesParser().parsebytes(wheel.read(place))
            texts = {name: wheel.read(name) for name in names if name.startswith(info) and _is_text(name, info)}
            bills = tuple(_carried(wheel, name) for name in names if name.startswith(f"{info}sboms/"))
            libraries = tuple(_carried(wheel, name) for name in names if PurePosixPath(name).match("*.libs/*.so*"))
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    except (OSError, ValueError, zipfile.BadZipFile, KeyError) as error:
        raise ReleaseError(f"{file}: is no wheel that can be read ({error})") from error
    name = canonicalize_name(str(metadata["Name"]))
    return Package(name, str(metadata["Version"]), metadata, file.name, sha256, texts, libraries, bills)


def required(
    packages: Mapping[str, Package], root: str, extras: Iterable[str], environment: Mapping[str, str]
) -> dict[str, set[str]]:
    """Returns the names that each package requires, for all that `root` with these extras needs.

    `environment`: values of the machines' markers, where they differ from those here.

    Raises:
        ReleaseError: something is required and not there.
    """
    found: dict[str, set[str]] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    waiting = [(root, frozenset(extras))]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        edges = found.setdefault(name, set())
        for requirement in packages[name].requirements():
            marker = requirement.marker
            cases = [{**environment, "extra": extra} for extra in ("", *sorted(wanted))]
            if marker is not None and not any(marker.evaluate(case) for case in cases):
                continue
            target = canonicalize_name(requirement.name)
            if target not in packages:
                raise ReleaseError(f"{name} requires {target}, and no wheel of it is there: build the release anew")
            edges.add(target)
            waiting.append((target, frozenset(requirement.extras)))
    return found


def _is_text(name: str, info: str) -> bool:
    inside = name.removeprefix(info)
    return inside.startswith(("licenses/", "license_files/")) or _TEXT.search(inside) is not None


def _carried(wheel: zipfile.ZipFile, path: str) -> Carried:
    found = _LIBRARY.fullmatch(path.rpartition("/")[2])
    name = path.rpartition("/")[2] if found is None else found["name"]
    version = None if found is None else (found["before"] + (found["after"] or "")).strip(".") or None
    return Carried(path, hashlib.sha256(wheel.read(path)).hexdigest(), name, version)
