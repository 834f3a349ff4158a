"""Rules for tests that must judge the same on a busy machine as on a quiet one."""

import ast
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / file
    for file in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "tests/*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / file).exists()
]
PROFILE = ROOT / "tests/conftest.py"


def test_the_profile_of_hypothesis_measures_no_wall_time() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_no_test_sets_a_deadline_for_hypothesis_or_takes_its_health_checks_back() -> None:
    """One that names some health checks would drop those of the profile; `list(HealthCheck)` names them all."""
    own = [
        f"{file.relative_to(ROOT)}:{keyword.value.lineno}"
        for file in FILES
        if file != PROFILE
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "settings"
        for keyword in call.keywords
        if keyword.arg == "deadline"
        or (keyword.arg == "suppress_health_check" and ast.unparse(keyword.value) != "list(HealthCheck)")
    ]
    assert own == []
