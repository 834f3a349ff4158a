"""Reads the release that a checkout is ready for, and refuses one that is not, in one line with the remedy."""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.errors import ReleaseError
from provisioning.release.chart import require_version
from provisioning.release.git import git

_FINAL: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class ReleaseCandidate:
    """Version of `pyproject.toml`, and the commit that has it."""

    version: str
    commit: str
    committed_s: int
    """Time of the commit, which each file of the release bears: made again, it is the same byte for byte."""

    @property
    def tag(self) -> str:
        return f"v{self.version}"

    @property
    def branch(self) -> str:
        """Local branch that holds the release's commit until a person has tried it."""
        return f"release-{self.version}"

    @property
    def day(self) -> str:
        return datetime.fromtimestamp(self.committed_s, UTC).date().isoformat()


def read_candidate(checkout: Path) -> ReleaseCandidate:
    """Reads version and commit of a checkout that is ready.

    Raises:
        ReleaseError: changes are not committed, the version is none or released, the chart has another, or nothing
            says what is new.
    """
    if changed := git(checkout, "status", "--porcelain").splitlines():
        raise ReleaseError(
            f"{changed[0][3:]} is not as committed, one of {len(changed)}: commit it or take it back (git status)"
        )
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit, committed_s = git(checkout, "log", "-1", "--format=%H %ct").split()
    candidate = ReleaseCandidate(project["version"], commit, int(committed_s))
    version = candidate.version
    if not _FINAL.fullmatch(version):
        raise ReleaseError(f"version {version} is not X.Y.Z: correct it in pyproject.toml and commit it")
    if git(checkout, "tag", "--list", candidate.tag):
        raise ReleaseError(f"tag {candidate.tag} is there: set the next version in pyproject.toml and commit it")
    if not list((checkout / "changes").glob("+*.md")):
        raise ReleaseError("changes/ has no fragment: write changes/+WORDS.KIND.md for what is new (changes/README.md)")
    require_version(checkout, version)
    notes = (checkout / "docs/upgrading.md").read_text(encoding="utf-8")
    if f"### Wayside {version}" not in notes.splitlines():
        raise ReleaseError(f"docs/upgrading.md has no ### Wayside {version}: write it, there and in Chinese")
    return candidate


def require_checks(checkout: Path) -> None:
    """Runs `make check`, whose output goes where this program's does.

    Raises:
        ReleaseError: it failed.
    """
    words = ["make", "--no-print-directory", "check"]
    if subprocess.run(words, cwd=checkout, check=False).returncode != 0:  # noqa: S603 - no shell, fixed words
        raise ReleaseError("make check failed, as printed above: mend it, commit it, then make release")
