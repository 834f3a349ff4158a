"""Builds the container images of a release and writes each as a file that `podman load` reads, with its bill.

```
 work tree ─bin/images─▶ podman's storage ─podman save─▶ layers ─gzip─▶ wayside-IMAGE-X.Y.Z-ARCH.image.tar.gz
                                                            └──────────▶ wayside-IMAGE-X.Y.Z-ARCH.image.cdx.json
```
"""

import gzip
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.errors import ReleaseError
from provisioning.release import artifacts, bill, licences
from provisioning.release.archive import ROLES
from provisioning.release.candidate import ReleaseCandidate
from provisioning.release.image_contents import ImageContents, read_image, write_plain

IMAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "edge": ROLES["edge"].models,
    "center": (),
    "cluster": ROLES["parse"].models,
    "provisioning": (),
    "broker": (),
}
"""Images that a release may have, each with the models in it."""
SUFFIX: Final = ".image.tar.gz"


def image_named(name: str) -> str:
    """Returns the name of an image.

    Raises:
        ReleaseError: there is none of this name.
    """
    if name not in IMAGES:
        raise ReleaseError(f"--image {name}: images are {', '.join(IMAGES)}")
    return name


def require_podman() -> None:
    """Looks for the program that builds images.

    Raises:
        ReleaseError: it is not installed.
    """
    if shutil.which("podman") is None:
        raise ReleaseError(
            "podman is not installed, which builds images: apt-get install podman, or give IMAGES= for none"
        )


def build_images(
    tree: Path, names: Iterable[str], models: Path, candidate: ReleaseCandidate, out: Path, log: Path
) -> None:
    """Builds images of a work tree into `out`. `log`: for what a failed build wrote.

    Raises:
        ReleaseError: a build failed, or an image holds what its release may not.
    """
    given = ["env", f"PYTHON={sys.executable}", f"MODELS={models.resolve()}", f"LOG={log}"]
    _run([*given, "bin/images", *names], tree)
    for name in names:
        stem = f"wayside-{name}-{candidate.version}-{platform.machine()}"
        with tempfile.TemporaryDirectory(prefix=".image-", dir=out.parent) as folder:
            saved = Path(folder, "image.tar")
            image = f"localhost/wayside-{name}:{candidate.version}"
            _run(["podman", "save", "--quiet", "--format", "docker-archive", "--output", str(saved), image], tree)
            plain = Path(folder, "plain.tar")
            write_plain(saved, plain)
            contents = read_image(plain)
            when = datetime.fromtimestamp(candidate.committed_s, UTC)
            described = _describe(name, candidate.version, contents, when)
            (out / f"{stem}.image.cdx.json").write_text(described, encoding="utf-8")
            with (
                plain.open("rb") as opened,
                (out / f"{stem}{SUFFIX}").open("wb") as file,
                gzip.GzipFile("", "wb", 6, file, mtime=0) as packed,
            ):
                shutil.copyfileobj(opened, packed, 1 << 20)


def _describe(name: str, version: str, contents: ImageContents, when: datetime) -> str:
    found = {package.name: licences.licence_of(package) for package in contents.packages}
    for package in contents.packages:
        licences.check(package, found[package.name][0])
    models = artifacts.models(IMAGES[name])
    if {model.file: model.sha256 for model in models} != contents.models:
        raise ReleaseError(f"image {name}: its models are not those of their manifests: build it anew (make images)")
    return bill.render_image(f"wayside-{name}", version, contents, found, models, when)


def _run(words: list[str], tree: Path) -> None:
    done = subprocess.run(words, cwd=tree, check=False, stdout=sys.stderr)  # noqa: S603 - our own programs and podman
    if done.returncode != 0:
        raise ReleaseError(f"{words[0]} failed, as printed above: nothing was made; mend it, then again")
