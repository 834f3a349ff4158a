"""`bin/setup`, as far as it goes before it installs anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.waiting import LONG_S

SETUP = Path(__file__).resolve().parents[2] / "bin" / "setup"


def setup(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", SETUP, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_S,
        env=os.environ | environment,
    )


def interpreter(path: Path, major: int, minor: int) -> Path:
    """A stand-in for a Python of that version: it answers the one question that set-up asks."""
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "Python {major}.{minor}.0"; exit; }}\n'
        f"printf '%s' \"$2\" | sed 's/sys.version_info/({major}, {minor})/' | exec {os.environ['REAL_PYTHON']} -\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def real_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAL_PYTHON", "/usr/bin/python3")


@pytest.mark.parametrize("minor", [9, 10, 14])
def test_a_python_out_of_range_is_one_line_with_the_remedy(tmp_path: Path, minor: int) -> None:
    result = setup("demo", PYTHON=str(interpreter(tmp_path / "python", 3, minor)))
    assert result.returncode == 2
    assert result.stderr.splitlines() == [f"setup: PYTHON={tmp_path / 'python'} is not a Python from 3.11 to 3.13"]


def test_without_any_fitting_python_the_versions_are_named(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "setup"
    script.parent.mkdir()
    # A machine that has only an old python3: no other interpreter can be found on this PATH.
    script.write_text(SETUP.read_text().replace("/usr/bin/python3", "/nowhere/python3").replace("/usr/sbin:/sbin", ""))
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "sed", "sh"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    interpreter(tools / "python3", 3, 9)
    result = subprocess.run(
        ["/bin/sh", script, "demo"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tools), "REAL_PYTHON": "/usr/bin/python3"},
    )
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert "needs Python 3.11, 3.12 or 3.13, found Python 3.9.0" in result.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_unknown_argument_is_one_line() -> None:
    result = setup("everything")
    assert result.returncode == 2
    assert result.stderr == "bin/setup: unknown argument 'everything': use demo or dev\n"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A checkout with a virtual environment whose `uv` installs nothing and notes what it was to install."""
    for name in ("bin/setup", "pyproject.toml", "requirements.lock"):
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes((SETUP.parents[1] / name).read_bytes())
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    for name, line in (("uv", f'echo "$@" >>{tmp_path}/installed'), ("wayside-engines", ":")):
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("kinds", "extras"),
    [
        (("dev", "demo", "dev"), [".[dev]"]),  # a test that calls a verb of the demo would take the package from others
        (("demo", "dev", "demo"), [".[demo]", ".[dev]"]),
    ],
)
def test_what_dev_has_installed_is_not_installed_again_for_the_demo(
    installed: Path, kinds: tuple[str, ...], extras: list[str]
) -> None:
    for kind in kinds:
        done = subprocess.run(
            ["/bin/sh", installed / "bin" / "setup", kind], capture_output=True, text=True, check=False, timeout=LONG_S
        )
        assert done.returncode == 0, done.stderr
    lines = (installed / "installed").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == extras
