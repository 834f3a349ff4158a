"""`make release`, whole, twice, in two clones of one commit: the same files, which the manual's commands verify.

Run with: pytest -s -m losses tests/deploy/test_release.py. It needs the models and the package registry. The first
release has the archives of WAYSIDE_RELEASE_ROLES and the images of WAYSIDE_RELEASE_IMAGES (names with spaces between;
`edge`, and none), the second too. For images WAYSIDE_CONTAINERS names a folder with a base, as test_containers.py
leaves it; between the two all that podman has cached is removed.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from engines.catalog.catalog import default_models_dir
from provisioning.release.archive import new_key
from provisioning.release.container_images import SUFFIX
from provisioning.release.git import git
from tests.docs.pages import code
from tests.support.clones import ROOT, clone, committed
from tests.support.podman import podman
from tests.support.waiting import LONG_S

pytestmark = [pytest.mark.losses, pytest.mark.network, pytest.mark.timeout(7200)]

ROLES: Final = os.environ.get("WAYSIDE_RELEASE_ROLES", "edge").split()
IMAGES: Final = os.environ.get("WAYSIDE_RELEASE_IMAGES", "").split()
BASE: Final = "localhost/wayside-base"
MAKEFILE: Final = {"Makefile": "check:\n\t@true\n"}
"""`make check` of a clone would set up an environment of its own; what is released here passed it before."""


Make = Callable[[Path, Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes a release in a checkout, and with images in podman's storage of the tests."""
    if not IMAGES:
        yield lambda checkout, key: subprocess.run(
            _words(key), cwd=checkout, capture_output=True, text=True, check=False, timeout=LONG_S
        )
        return
    with podman(Path(os.environ["WAYSIDE_CONTAINERS"])) as engine:

        def made(checkout: Path, key: Path) -> "subprocess.CompletedProcess[str]":
            done = engine.tried("env", "-C", str(checkout), *_words(key), BASE=BASE)
            ours = engine.run("podman", "images", "--quiet", "--filter", "label=org.opencontainers.image.revision")
            if ours:
                engine.run("podman", "rmi", "--force", *dict.fromkeys(ours.split()))
                engine.run("podman", "image", "prune", "--force")
            return done

        yield made


def _words(key: Path) -> list[str]:
    given = [word for role in ROLES for word in ("--role", role)] + [
        word for name in IMAGES for word in ("--image", name)
    ]
    given += ["--key", str(key), "--models", str(default_models_dir()), "-o", "dist"]
    return [sys.executable, "-m", "provisioning.release", "make", *given]


def test_two_clones_make_the_same_release_and_what_it_prints_tags_it(make: Make, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    repository = committed(tmp_path / "source", changed=MAKEFILE)
    releases = []
    for name in ("a", "another"):
        checkout = clone(repository, tmp_path / name / "checkout")
        before = git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")
        made = make(checkout, key)
        assert made.returncode == 0, made.stderr[-3000:]
        assert (git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")) == before
        releases.append((checkout, made.stdout))
    (checkout, printed), (other, _) = releases
    (folder,), (other_folder,) = (list((each / "dist").iterdir()) for each in (checkout, other))
    version = folder.name
    sums = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    print(f"\n{sums}", *(f"{file.stat().st_size:>12,} {file.name}" for file in sorted(folder.iterdir())), sep="\n")  # noqa: T201
    assert sums == (other_folder / "SHA256SUMS").read_text(encoding="utf-8")
    assert git(checkout, "rev-parse", f"release-{version}") == git(other, "rev-parse", f"release-{version}")

    names = {line.split("  ")[1] for line in sums.splitlines()}
    assert names == {file.name for file in folder.iterdir()} - {"SHA256SUMS", "SHA256SUMS.sig"}
    assert names >= {f"wayside-{version}-py3-none-any.whl", f"wayside-{version}.tar.gz", "CHANGELOG.md", "release.pub"}
    assert f"wayside-{version}.tgz" in names
    assert len([name for name in names if name.endswith(SUFFIX)]) == len(IMAGES)
    assert len([name for name in names if name.endswith(".image.cdx.json")]) == len(IMAGES)
    verify = next(block for block in code("releasing.md") if any("SHA256SUMS.sig" in line for line in block))
    done = subprocess.run(
        ["sh", "-ec", "\n".join(verify[1:-1])], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (folder / "CHANGELOG.md").write_text("nothing is new")
    done = subprocess.run(
        ["sh", "-ec", "\n".join(verify[1:-1])], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0

    log = git(checkout, "show", f"release-{version}:CHANGELOG.md")
    assert f"## {version} (" in log
    assert "### Added" in log
    assert "+" not in git(checkout, "ls-tree", "--name-only", f"release-{version}", "changes/")
    unsigned = printed.splitlines()[-1].replace("--sign", "--annotate")  # who tests has no key of his own
    subprocess.run(["sh", "-ec", unsigned], cwd=checkout, check=True, env=os.environ)
    again = make(checkout, key)
    assert again.returncode != 0
    assert again.stderr == f"release: tag v{version} is there: set the next version in pyproject.toml and commit it\n"
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8") != log
