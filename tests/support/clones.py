"""Clones of this checkout as it lies here, with what is not committed yet: to build packages and releases from."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from provisioning.release.git import git

ROOT: Final = Path(__file__).parents[2]
LIBRARIES: Final = "center/console/widgets/ground/libraries"
"""Fetched by bin/setup, ignored by git, and carried by a wheel."""


def committed(folder: Path, *, changed: Mapping[str, str] = MappingProxyType({})) -> Path:
    """A repository whose one commit holds the files of this checkout; `changed`: other texts for some, by name."""
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name, text in changed.items():
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    _name_somebody(folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it lies here")
    return folder


def clone(repository: Path, folder: Path, *, umask: int = 0o022) -> Path:
    """A clone that is set up: with the libraries, as bin/setup fetches them."""
    words = ["git", "clone", "--quiet", str(repository), str(folder)]
    subprocess.run(words, check=True, umask=umask)
    _name_somebody(folder)
    shutil.copytree(ROOT / LIBRARIES, folder / LIBRARIES)
    return folder


def tracked(repository: Path, *folders: str) -> set[str]:
    """Names of the files that git has below these folders."""
    return set(git(repository, "ls-files", *folders).splitlines())


def _name_somebody(repository: Path) -> None:
    for key, value in (("user.name", "Releaser"), ("user.email", "releaser@example.org")):
        git(repository, "config", key, value)
