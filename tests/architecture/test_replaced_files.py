"""A file is renamed in two places of the product: what renames without fsync loses files in a power cut."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_house import PYTHON, ROOT

ALLOWED = {
    "provisioning/files/durable.py": "the one that is shared",
    "engines/atomic_file.py": "engines import no package of the project",
    "provisioning/demo/simulators/rtsp_server.py": "runs on the system's Python and imports nothing of the project",
    "client/wayside_client/downloads.py": "imports no package of the project; it is fsynced there",
    "client/generate_client.py": "makes source code anew, which git has",
    "edge_agent/sources/pushed/drop_folder.py": "takes a file that others dropped, inside a folder that it holds open",
}
_RENAMING = {"rename", "renames", "replace", "move"}
_MODULES = {"os", "shutil"}


def _renames(source: str) -> Iterator[int]:
    """Lines of `os.replace` and its like, and of `Path.replace`: `str.replace` takes two, `datetime.replace` names.

    A page's `ui.navigate.history.replace` takes one too.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, owner = node.func.attr, node.func.value
        by_module = isinstance(owner, ast.Name) and owner.id in _MODULES and called in _RENAMING
        on_page = isinstance(owner, ast.Attribute) and owner.attr == "history"
        by_path = called in {"rename", "replace"} and len(node.args) == 1 and not node.keywords and not on_page
        if by_module or by_path:
            yield node.lineno


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("draft.replace(path)", True),
        ("draft.rename(path)", True),
        ("os.replace(draft, path)", True),
        ("os.rename(draft, path, src_dir_fd=folder)", True),
        ("shutil.move(draft, path)", True),
        ("text.replace('a', 'b')", False),
        ("moment.replace(tzinfo=UTC)", False),
        ("ui.navigate.history.replace(path)", False),
        ("durable_file.move(draft, path)", False),
    ],
)
def test_a_rename_is_known_by_its_call(line: str, found: bool) -> None:
    assert bool(list(_renames(line))) is found


def test_files_are_renamed_where_they_are_made_durable_alone() -> None:
    renaming = {
        f"{file}:{line}"
        for file in PYTHON
        if not file.startswith("tests/") and file not in ALLOWED
        for line in _renames((ROOT / file).read_text(encoding="utf-8"))
    }
    assert renaming == set()


@pytest.mark.parametrize("file", ALLOWED)
def test_every_exception_is_needed(file: str) -> None:
    assert list(_renames((ROOT / Path(file)).read_text(encoding="utf-8")))
