"""Builds wheel and source archive, and gathers the wheels that they need, by `requirements.lock` alone.

The same commit gives the same bytes, in every folder: times are the commit's, and the build tools are locked.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from provisioning.errors import ReleaseError
from provisioning.release.git import git

LOCK: Final = "requirements.lock"
_GLIBC: Final = range(17, 37)
"""Minor versions of glibc 2 whose wheels run on Debian 12; pip takes each platform by its own name alone."""


def build_packages(checkout: Path, out: Path, *kinds: str, project: str = ".") -> list[Path]:
    """Builds a project of a checkout and returns the files. `kinds`: `--wheel`, `--sdist`; neither: both.

    Raises:
        ReleaseError: the build failed.
    """
    epoch = {"SOURCE_DATE_EPOCH": git(checkout, "log", "-1", "--format=%ct")}
    with tempfile.TemporaryDirectory(prefix="wayside-build-") as folder:
        words = [str(Path(sys.executable).with_name("uv")), "build", "--quiet", *kinds, "--python", sys.executable]
        locked = ["--build-constraints", str(checkout / LOCK), "--require-hashes"]
        _run("uv build", [*words, *locked, "--out-dir", folder, str(checkout / project)], os.environ | epoch)
        made = sorted(each for each in Path(folder).iterdir() if each.suffix in {".whl", ".gz"})
        return [Path(shutil.copy(each, out)) for each in made]


def gather_wheels(checkout: Path, folder: Path, extras: Iterable[str], python: str, arch: str) -> str:
    """Puts our own wheel, pip's, and those that the extras need into a folder. Returns our version.

    pip reads markers of requirements as on this machine, also for another `arch`; `describe` names what lacks then.

    Raises:
        ReleaseError: a wheel cannot be built or fetched.
    """
    (own,) = build_packages(checkout, folder, "--wheel")
    with tempfile.NamedTemporaryFile("w", prefix="wayside-constraints-", suffix=".txt", encoding="utf-8") as file:
        file.write(constraints(checkout))
        file.flush()
        fixed = ["--only-binary", ":all:", "--python-version", python, "--constraint", file.name]
        if arch != platform.machine():
            fixed += [word for minor in _GLIBC for word in ("--platform", f"manylinux_2_{minor}_{arch}")]
        wanted = (f"{own}[{','.join(extras)}]", "pip")
        words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        _run("pip download", [*words, *fixed, "--dest", str(folder), *wanted], os.environ)
    return own.name.split("-")[1]


def constraints(checkout: Path) -> str:
    """Returns the versions of the lock without their hashes, which pip would ask of our own wheel too."""
    lines = (checkout / LOCK).read_text(encoding="utf-8").splitlines()
    return "".join(line.removesuffix(" \\") + "\n" for line in lines if line and line[0] not in "# ")


def _run(name: str, words: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(words, env=environment, check=False, stdout=sys.stderr)  # noqa: S603 - our own interpreter
    if done.returncode != 0:
        raise ReleaseError(f"{name} failed: do as printed above; it must reach the package registry from here")
