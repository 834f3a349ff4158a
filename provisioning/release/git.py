"""Runs git in a checkout."""

import os
import subprocess
from pathlib import Path

from provisioning.errors import ReleaseError


def git(checkout: Path, *words: str, **environment: str) -> str:
    """Runs one command and returns its output, without the last line's end.

    Raises:
        ReleaseError: git is missing or refuses; the text is its last line.
    """
    command = ["git", "-C", str(checkout), *words]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and git alone
            command, env=os.environ | environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ReleaseError("git is not installed: apt-get install git") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ReleaseError(f"git {words[0]} in {checkout}: {said[-1]}")
    return done.stdout.rstrip("\n")
