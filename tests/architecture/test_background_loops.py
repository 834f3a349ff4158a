"""What the centre does again and again is a `background.Periodic`, which health can name and which starts again."""

import ast
from collections.abc import Iterator

from tests.architecture.test_house import PYTHON, ROOT

ALLOWED = {
    "center/background.py:run": "the loop of them all",
    "center/notify/dispatcher.py:_settle": "inside a turn of a channel's loop: until the database takes an outcome",
    "center/notify/service.py:_end_of": "one trial message's, until it has ended or time is up",
    "center/console/fleet/live.py:fill": "one page's, until the archive first answers or the page is closed",
}


def _sleeping(source: str) -> Iterator[str]:
    """Functions with a loop that sleeps: `while` or `for` around an awaited `sleep`."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
            loops = [node for node in ast.walk(function) if isinstance(node, ast.While | ast.For | ast.AsyncFor)]
            if any(_sleeps(node) for loop in loops for node in ast.walk(loop)):
                yield function.name


def _sleeps(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return "sleep" in ast.unparse(node.func)


def test_a_loop_that_sleeps_is_found() -> None:
    assert list(_sleeping("async def tend():\n while True:\n  await asyncio.sleep(1)\n")) == ["tend"]
    assert list(_sleeping("async def once():\n await asyncio.sleep(1)\n")) == []


def test_no_part_of_the_centre_has_a_loop_of_its_own() -> None:
    found = {
        f"{file}:{name}"
        for file in PYTHON
        if file.startswith("center/")
        for name in _sleeping((ROOT / file).read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)
