"""Reads what lies in a saved container image, and writes it without what says which run made it. It starts none."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path
from typing import IO, Final

from packaging.utils import canonicalize_name

from provisioning.errors import ReleaseError
from provisioning.release.packages import Package

_DEBIAN: Final = re.compile(r"var/lib/dpkg/status\.d/[^/]+")
_PYTHON: Final = re.compile(r"opt/wayside/lib/python[0-9.]+/site-packages/[^/]+\.dist-info/METADATA")
_MODEL: Final = re.compile(r"opt/wayside/models/([^/]+)")


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """A package of which files are in an image."""

    name: str
    version: str
    architecture: str


@dataclass(frozen=True, slots=True)
class ImageContents:
    """Contents of one image."""

    image_id: str
    """SHA-256 of its configuration, which names every layer by hash: what `podman image inspect` calls Id."""
    debian: tuple[DebianPackage, ...]
    packages: tuple[Package, ...]
    models: Mapping[str, str]
    """SHA-256 by file name."""


def read_image(saved: Path) -> ImageContents:
    """Reads what `podman save --format docker-archive` wrote.

    Raises:
        ReleaseError: it is no such file, or nothing in it says what it holds.
    """
    debian: dict[str, DebianPackage] = {}
    packages: dict[str, Package] = {}
    models: dict[str, str] = {}
    try:
        with tarfile.open(saved) as archive:
            (described,) = json.loads(_content(archive, "manifest.json"))
            image_id = hashlib.sha256(_content(archive, described["Config"])).hexdigest()
            for path, content in _files(archive, described["Layers"]):
                if _DEBIAN.fullmatch(path):
                    fields = BytesParser().parsebytes(content, headersonly=True)
                    debian[path] = DebianPackage(fields["Package"], fields["Version"], fields["Architecture"])
                elif _PYTHON.fullmatch(path):
                    metadata = BytesParser().parsebytes(content)
                    name = canonicalize_name(str(metadata["Name"]))
                    packages[name] = Package(name, str(metadata["Version"]), metadata)
                elif found := _MODEL.fullmatch(path):
                    models[found[1]] = hashlib.sha256(content).hexdigest()
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        raise ReleaseError(f"{saved}: is no saved image that can be read ({error})") from error
    if not debian or not packages:
        raise ReleaseError(f"{saved}: does not say what it holds: build the image by make images")
    return ImageContents(
        image_id,
        tuple(debian[path] for path in sorted(debian)),
        tuple(packages[name] for name in sorted(packages)),
        models,
    )


def write_plain(saved: Path, target: Path) -> None:
    """Writes a saved image with what the same build gives again: its layers, its configuration, the list of both.

    Podman names the container that it built in, at random, and adds the layout that Docker had before 1.10.

    Raises:
        ReleaseError: it is no saved image.
    """
    try:
        with tarfile.open(saved) as archive, tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as plain:
            (described,) = json.loads(_content(archive, "manifest.json"))
            configuration = json.loads(_content(archive, described["Config"]))
            configuration["config"]["Hostname"] = ""
            kept = {key: value for key, value in configuration.items() if key not in {"container", "container_config"}}
            content = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
            described["Config"] = f"{hashlib.sha256(content).hexdigest()}.json"
            for layer in described["Layers"]:
                with _opened(archive, layer) as opened:
                    plain.addfile(_member(layer, archive.getmember(layer).size), opened)
            listed = json.dumps([described], sort_keys=True).encode()
            for name, text in ((described["Config"], content), ("manifest.json", listed)):
                plain.addfile(_member(name, len(text)), io.BytesIO(text))
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        raise ReleaseError(f"{saved}: is no saved image that can be read ({error})") from error


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def _files(archive: tarfile.TarFile, layers: list[str]) -> Iterator[tuple[str, bytes]]:
    for layer in layers:
        with _opened(archive, layer) as opened, tarfile.open(fileobj=opened, mode="r:") as files:
            for member in files:
                path = member.name.removeprefix("./")
                if member.isfile() and any(each.fullmatch(path) for each in (_DEBIAN, _PYTHON, _MODEL)):
                    yield path, _content(files, member)


def _content(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> bytes:
    with _opened(archive, member) as opened:
        return opened.read()


def _opened(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    opened = archive.extractfile(member)
    if opened is None:
        raise ValueError(f"{member} is no file")
    return opened
