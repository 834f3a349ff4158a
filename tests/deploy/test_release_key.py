"""The key that signs archives is made by one verb, in a fresh clone too, and git does not take it."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from provisioning.errors import ReleaseError
from provisioning.release.archive import load_key

ROOT: Final = Path(__file__).parents[2]


def test_make_release_key_makes_both_halves_once(tmp_path: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))}
    command = ["make", "--no-print-directory", "release-key", f"DIR={tmp_path}"]
    made = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True)
    assert "goes to every machine" in made.stdout
    load_key(tmp_path / "release.key")
    assert b"PUBLIC KEY" in (tmp_path / "release.pub").read_bytes()
    again = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)
    assert again.returncode != 0
    assert "there is a key already" in again.stderr


@pytest.mark.parametrize("name", ["release.key", "release.pub"])
def test_git_ignores_it_where_the_verb_puts_it(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0


def test_without_a_key_the_error_names_the_verb_and_the_verb_exists(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="make release-key"):
        load_key(tmp_path / "release.key")
    assert "make release-key" in subprocess.check_output(["make", "help"], cwd=ROOT, text=True)
