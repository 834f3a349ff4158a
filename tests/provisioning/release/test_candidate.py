"""A release of what is not ready is refused in one line with the remedy, and leaves the checkout as it was."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from provisioning.errors import ReleaseError
from provisioning.release.archive import new_key
from provisioning.release.candidate import read_candidate
from provisioning.release.distribution import ReleaseOrder, make_release
from provisioning.release.git import git

FILES: Final = {
    "pyproject.toml": '[project]\nversion = "1.2.0"\n\n[tool.hatch.build]\nartifacts = []\n',
    "changes/+new.added.md": "A page shows what is new.\n",
    "docs/upgrading.md": "# Upgrading\n\n### Wayside 1.2.0\n\nNothing to do.\n",
    "deploy/chart/wayside/Chart.yaml": 'name: wayside\nversion: 1.2.0\nappVersion: "1.2.0"\n',
    "Makefile": "check:\n\t@true\n",
    ".gitignore": "dist/\nrelease.*\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is ready, with a key."""
    folder = tmp_path / "checkout"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    new_key(folder)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", folder], check=True)
    for key, value in (("user.name", "Releaser"), ("user.email", "releaser@example.org")):
        git(folder, "config", key, value)
    _commit(folder)
    return folder


def _commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")


def _release(checkout: Path, role: str = "edge") -> Path:
    order = ReleaseOrder((role,), (), checkout / "release.key", checkout, "3.13")
    return make_release(checkout, read_candidate(checkout), order, checkout / "dist")


def _write(name: str, text: str, *, is_committed: bool = True) -> Callable[[Path], None]:
    def change(checkout: Path) -> None:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
        if is_committed:
            _commit(checkout)

    return change


def _without_fragments(checkout: Path) -> None:
    (checkout / "changes/+new.added.md").unlink()
    _commit(checkout)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_write("notes.txt", "of mine", is_committed=False), "notes.txt is not as committed.*or take it back"),
        (_write("pyproject.toml", '[project]\nversion = "1.2.dev1"\n'), "1.2.dev1 is not X.Y.Z: correct it in pypr"),
        (lambda checkout: git(checkout, "tag", "v1.2.0"), "tag v1.2.0 is there: set the next version in pyproject"),
        (_without_fragments, r"changes/ has no fragment: write changes/\+WORDS.KIND.md"),
        (_write("docs/upgrading.md", "### Wayside 1.1.0\n"), "docs/upgrading.md has no ### Wayside 1.2.0: write"),
        (lambda checkout: (checkout / "release.key").unlink(), "cannot be read.*make release-key makes one"),
        (_write("dist/1.2.0/SHA256SUMS", "", is_committed=False), "1.2.0 is there: move it away"),
        (_write("Makefile", "check:\n\t@false\n"), "make check failed, as printed above: mend it, commit it"),
        (_write("notes.txt", "there is no lock to build by"), "uv build failed: do as printed above"),
    ],
)  # fmt: skip
def test_what_is_not_ready_is_refused_with_the_remedy(
    checkout: Path, change: Callable[[Path], None], said: str
) -> None:
    change(checkout)
    before = _state(checkout)
    with pytest.raises(ReleaseError, match=said) as caught:
        _release(checkout)
    assert "\n" not in str(caught.value)
    assert _state(checkout) == before


def test_a_role_that_is_none_is_refused_before_anything_is_built(checkout: Path) -> None:
    with pytest.raises(ReleaseError, match="--role cabinet: roles are edge, business"):
        _release(checkout, "cabinet")


def _state(checkout: Path) -> tuple[str, ...]:
    """Commit, branches, tags, work trees, and what is not committed or lies in dist/."""
    kept = ("rev-parse HEAD", "for-each-ref", "worktree list", "status --porcelain")
    files = (path.relative_to(checkout).as_posix() for path in sorted((checkout / "dist").rglob("*")))
    return (*(git(checkout, *words.split()) for words in kept), *files)
