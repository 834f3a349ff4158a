"""`make release`, whole, twice, in two clones of one commit: the same files, which the manual's commands verify.

Run with: pytest -s -m losses tests/deploy/test_release.py. It needs the models and the package registry.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from engines.catalog.catalog import default_models_dir
from provisioning.release.archive import new_key
from provisioning.release.git import git
from tests.docs.pages import code
from tests.support.clones import ROOT, clone, committed
from tests.support.waiting import LONG_S

pytestmark = [pytest.mark.losses, pytest.mark.network, pytest.mark.timeout(1800)]

ROLES: Final = ("edge",)
MAKEFILE: Final = {"Makefile": "check:\n\t@true\n"}
"""`make check` of a clone would set up an environment of its own; what is released here passed it before."""


def _make(checkout: Path, key: Path) -> "subprocess.CompletedProcess[str]":
    roles = [word for role in ROLES for word in ("--role", role)]
    given = ["--key", str(key), "--models", str(default_models_dir()), "-o", "dist"]
    words = [sys.executable, "-m", "provisioning.release", "make", *roles, *given]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False, timeout=LONG_S)


def test_two_clones_make_the_same_release_and_what_it_prints_tags_it(tmp_path: Path) -> None:
    key = new_key(tmp_path)
    repository = committed(tmp_path / "source", changed=MAKEFILE)
    releases = []
    for name in ("a", "another"):
        checkout = clone(repository, tmp_path / name / "checkout")
        before = git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")
        made = _make(checkout, key)
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
    again = _make(checkout, key)
    assert again.returncode != 0
    assert again.stderr == f"release: tag v{version} is there: set the next version in pyproject.toml and commit it\n"
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8") != log
