"""Reads the manifests of `engines` for what a release holds beside packages: models, and the console's libraries."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL

from provisioning.errors import ReleaseError

ROOT: Final = Path(__file__).parents[2]
MANIFESTS: Final = ROOT / "engines" / "manifests"
LIBRARIES: Final = "center/console/widgets/ground/libraries"
_EIGHT_BITS: Final = ("int7", "int8")
_TEXT_OF: Final = "-licence"
"""Ends the name of an artifact that is the licence text of another."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that was fetched from a package of another project, as it lies in a release. `licence`: in SPDX."""

    name: str
    file: str
    sha256: str
    licence: str
    note: str
    origin: PackageURL
    is_converted: bool


def models(names: Iterable[str]) -> list[Artifact]:
    """Returns the files of these models: each itself, and in eight bits if its manifest has that."""
    found = []
    for name in names:
        manifest = _manifest(MANIFESTS / f"{name}.toml")
        found.append(_artifact(manifest))
        stem, end = Path(manifest["file"]).stem, Path(manifest["file"]).suffix
        found += [
            _artifact(
                {
                    **manifest,
                    "name": f"{name}-{bits}",
                    "file": f"{stem}-{bits}{end}",
                    "sha256": manifest["quantised"][bits],
                }
            )
            for bits in _EIGHT_BITS
            if bits in manifest.get("quantised", {})
        ]
    return found


def console() -> list[tuple[Artifact, Mapping[str, bytes]]]:
    """Returns what the console's pages load, each with its licence text if that was fetched too.

    Raises:
        ReleaseError: a text is not there.
    """
    manifests = {made["name"]: made for made in map(_manifest, sorted(MANIFESTS.glob("*.toml")))}
    found: list[tuple[Artifact, Mapping[str, bytes]]] = []
    for name, manifest in manifests.items():
        if manifest["kind"] != "console" or name.endswith(_TEXT_OF):
            continue
        text = manifests.get(f"{name}{_TEXT_OF}")
        found.append((_artifact(manifest), {} if text is None else {text["file"]: _text(text["file"])}))
    return found


def _text(file: str) -> bytes:
    place = ROOT / LIBRARIES / file
    try:
        return place.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{place}: cannot be read ({error.strerror}); run bin/setup demo") from error


def _manifest(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _artifact(manifest: Mapping[str, Any]) -> Artifact:
    source = manifest["source"]
    scope, _, package = source["package"].rpartition("/")
    return Artifact(
        name=manifest["name"],
        file=manifest["file"],
        sha256=manifest["sha256"],
        licence=manifest["licence"].partition(" (")[0],
        note=manifest.get("note", ""),
        origin=PackageURL(source["ecosystem"].partition("-")[0], scope or None, package, source["version"]),
        is_converted="conversion" in manifest,
    )
