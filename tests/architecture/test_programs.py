"""Programs that tests and benches write as text import names that exist: neither mypy nor the contracts see them."""

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT = re.compile(
    r"^\s*from ((?:bench|center|edge_agent|engines|provisioning|ray_cluster|tests)[\w.]*) import ([\w, ]+)",
    re.MULTILINE,
)


def programs() -> dict[str, set[tuple[str, str]]]:
    """Each file with the imports, as module and name, of the texts in it."""
    found: dict[str, set[tuple[str, str]]] = {}
    for file in sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for line in node.value.replace(";", "\n").splitlines():
                    for module, names in IMPORT.findall(line):
                        imported = {(module, name.split(" as ")[0].strip()) for name in names.split(",")}
                        found.setdefault(file.relative_to(ROOT).as_posix(), set()).update(imported)
    return found


def test_the_programs_in_texts_import_what_is_there() -> None:
    by_file = programs()
    assert len(by_file) > 15
    missing = {
        f"{file}: {module}.{name}"
        for file, imports in by_file.items()
        for module, name in imports
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    }
    assert missing == set()
