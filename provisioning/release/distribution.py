"""Makes all files of a release from one commit, in a work tree of its own, and signs their checksums.

```
 commit ─▶ work tree ─towncrier─▶ commit "Release X.Y.Z", on the branch release-X.Y.Z
                         ├─ uv build ───────▶ wheel, source archive, constraints.txt
                         ├─ bin/images ─────▶ a file an image, its bill
                         ├─ release build ──▶ an archive a role, install.sh
                         ├─ chart ──────────▶ wayside-X.Y.Z.tgz
                         └─ CHANGELOG.md, release.pub ──▶ SHA256SUMS, SHA256SUMS.sig ──rename──▶ OUT/X.Y.Z
```

Nothing that git ignores or does not know gets in but what `pyproject.toml` calls artifacts. Until the last step neither
the branch nor the folder is there: after a failure the checkout is as it was.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.errors import ReleaseError
from provisioning.files import durable
from provisioning.release.archive import PUBLIC_KEY, load_key, public_half, role_named
from provisioning.release.candidate import ReleaseCandidate, require_checks
from provisioning.release.chart import pack_chart
from provisioning.release.container_images import build_images, image_named, require_podman
from provisioning.release.git import git
from provisioning.release.python_packages import build_packages, constraints

SUMS: Final = "SHA256SUMS"
LOG: Final = "CHANGELOG.md"


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Archives and container images that a release has, and what they are made with."""

    roles: tuple[str, ...]
    images: tuple[str, ...]
    key: Path
    models: Path
    python: str


def make_release(checkout: Path, candidate: ReleaseCandidate, order: ReleaseOrder, out: Path) -> Path:
    """Runs `make check`, then makes the release, and the branch that holds its commit. Returns its folder.

    Raises:
        ReleaseError: a role, an image, the key or the folder is not as it must be, or a step failed.
    """
    for role in order.roles:
        role_named(role)
    for image in order.images:
        image_named(image)
    if order.images:
        require_podman()
    key = load_key(order.key)
    target = out.resolve() / candidate.version
    if target.exists():
        raise ReleaseError(f"{target} is there: move it away, or remove it to make this release again")
    require_checks(checkout)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".release-", dir=target.parent) as draft,
        _work_tree(checkout, candidate) as tree,
    ):
        files = Path(draft, "files")
        files.mkdir()
        commit = _commit_change_log(tree, candidate)
        if order.images:
            build_images(tree, order.images, order.models, candidate, files, checkout / "out/images.log")
        for project in sorted(tree.glob("*/pyproject.toml")):  # what is beside the product: a client of its API
            build_packages(tree, files, project=project.parent.name)
        build_packages(tree, files)
        durable.write(files / "constraints.txt", constraints(tree).encode(), mode=durable.PUBLIC)
        for role in order.roles:
            _build_archive(tree, role, order, files)
        pack_chart(tree, candidate.version, files)
        shutil.copy(tree / LOG, files)
        durable.write(files / PUBLIC_KEY, public_half(key), mode=durable.PUBLIC)
        sign_checksums(files, key)
        git(checkout, "branch", "--force", candidate.branch, commit)
        durable.move(files, target)
    return target


def sign_checksums(folder: Path, key: Ed25519PrivateKey) -> None:
    """Writes `SHA256SUMS` over every file below a folder, as `sha256sum --check` reads it, and its signature."""
    lines = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        lines.append(f"{digest}  {file.relative_to(folder).as_posix()}\n")
    sums = "".join(lines).encode()
    durable.write(folder / SUMS, sums, mode=durable.PUBLIC)
    durable.write(folder / f"{SUMS}.sig", key.sign(sums), mode=durable.PUBLIC)


@contextmanager
def _work_tree(checkout: Path, candidate: ReleaseCandidate) -> Iterator[Path]:
    """Yields the commit as files of its own, with the artifacts that the checkout has fetched."""
    with tempfile.TemporaryDirectory(prefix="wayside-release-") as folder:
        tree = Path(folder, "tree")
        git(checkout, "worktree", "add", "--quiet", "--detach", str(tree), candidate.commit)
        try:
            project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
            for pattern in project["tool"]["hatch"]["build"]["artifacts"]:
                _copy_all(checkout.glob(pattern), checkout, tree)
            yield tree
        finally:
            git(checkout, "worktree", "remove", "--force", str(tree))


def _copy_all(files: Iterable[Path], checkout: Path, tree: Path) -> None:
    for file in files:
        place = tree / file.relative_to(checkout)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)


def _commit_change_log(tree: Path, candidate: ReleaseCandidate) -> str:
    """Turns the fragments into the change log and commits that, at the candidate's own time. Returns the commit.

    Made twice of one commit, it is the same commit.
    """
    words = ["towncrier", "build", "--yes", "--version", candidate.version, "--date", candidate.day]
    _run([sys.executable, "-m", *words], tree)
    git(tree, "add", "--all")
    moment = f"{candidate.committed_s} +0000"
    commit = ("commit", "--quiet", "--no-verify", "--no-gpg-sign", "--message", f"Release {candidate.version}")
    git(tree, *commit, GIT_AUTHOR_DATE=moment, GIT_COMMITTER_DATE=moment)
    return git(tree, "rev-parse", "HEAD")


def _build_archive(tree: Path, role: str, order: ReleaseOrder, out: Path) -> None:
    """Runs the tree's own `release build`."""
    given = ["--role", role, "--key", str(order.key.resolve()), "--models", str(order.models.resolve())]
    given += ["--python", order.python, "-o", str(out)]
    _run([sys.executable, "-m", "provisioning.release", "build", *given], tree)


def _run(words: list[str], tree: Path) -> None:
    done = subprocess.run(words, cwd=tree, check=False, stdout=sys.stderr)  # noqa: S603 - our own interpreter
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(words[2:4])} failed, as printed above: nothing was made; mend it, then again")
