"""What is handed in with a change: fragments that become a change log, hooks that are the commands of `make check`."""

import re
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT

FRAGMENTS = sorted(path.name for path in (ROOT / "changes").iterdir() if path.name not in {"README.md", "template.md"})
KINDS = ("boundary", "security", "added", "changed", "fixed", "removed")


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_fragment_is_named_as_the_change_log_takes_it_and_is_short(name: str) -> None:
    assert re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(KINDS)})\.md", name)
    assert 20 < len((ROOT / "changes" / name).read_text(encoding="utf-8").strip()) < 400


def _plain(text: str) -> str:
    """Without line breaks: a fragment of two lines is indented in the change log."""
    return " ".join(text.split())


def test_the_change_log_of_the_next_release_can_be_made() -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9", "--date", "2030-01-02"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "## 9.9.9 (2030-01-02)" in done.stdout
    for name in FRAGMENTS:
        assert _plain((ROOT / "changes" / name).read_text(encoding="utf-8")) in _plain(done.stdout), name


def test_the_hooks_are_the_commands_of_make_check() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ncheck:")[1].split("\n\n")[0]
    checks = [line.strip().removeprefix("@$(BIN)/") for line in recipe.splitlines()[1:] if "bin/setup" not in line]
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"entry: \.venv/bin/([^,\n]+)", config) == checks
    assert set(re.findall(r"repo: (\S+)", config)) == {"local"}
    assert set(re.findall(r"language: (\w+)", config)) == {"system"}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout
