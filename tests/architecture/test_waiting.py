"""Rules for tests that must judge the same on a busy machine as on a quiet one."""

import ast
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
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
CLOCKS = ("monotonic()", "perf_counter()")
BOUNDS = ("asyncio.timeout", "asyncio.wait_for")
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
        for text in [file.read_text(encoding="utf-8")]
        if "hypothesis" in text
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "settings"
        for keyword in call.keywords
        if keyword.arg == "deadline"
        or (keyword.arg == "suppress_health_check" and ast.unparse(keyword.value) != "list(HealthCheck)")
    ]
    assert own == []


def judges_the_clock(node: ast.AST) -> bool:
    """Tells an upper bound of wall time: `time.monotonic() - began < 3`, `asyncio.timeout(3)`."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in BOUNDS
    if not isinstance(node, ast.Compare):
        return False
    smaller = [
        left if isinstance(operator, ast.Lt | ast.LtE) else right
        for operator, (left, right) in zip(node.ops, pairwise([node.left, *node.comparators]), strict=True)
        if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    ]
    return any(clock in ast.unparse(side) for side in smaller for clock in CLOCKS)


@pytest.mark.parametrize(
    ("text", "judges"),
    [
        ("time.monotonic() - began_s < 3", True),
        ("0.5 < time.monotonic() - began_s < 3", True),
        ("time.monotonic() > ends_s", False),
        ("ends_s > time.monotonic()", True),
        ("time.monotonic() - began_s >= 0.1", False),
        ("asyncio.wait_for(shell.communicate(), 60)", True),
        ("clock.now < 3", False),
    ],
)
def test_an_upper_bound_of_wall_time_is_known(text: str, *, judges: bool) -> None:
    assert any(map(judges_the_clock, ast.walk(ast.parse(text)))) is judges


def test_no_test_judges_by_an_upper_bound_of_wall_time() -> None:
    """A busy machine takes ten times as long: `tests/support/waiting.py` has the waits."""
    judged = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for file in FILES
        if file.name.startswith("test_")
        for text in [file.read_text(encoding="utf-8")]
        if any(word in text for word in (*CLOCKS, *BOUNDS))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call | ast.Compare) and judges_the_clock(node)
    ]
    assert judged == []
