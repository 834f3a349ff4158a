"""Counts what makes the house readable or not: `python -m tests.house [FOLDER]` prints a table of a checkout.

Folders and files, class names that occur twice in a package, docstrings that begin with a question word or have three
words or fewer, lines of code, words of manuals. `tests/architecture/test_house.py` lets none of them grow.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

PACKAGES = ("center", "edge_agent", "engines", "provisioning", "ray_cluster")
BEGINNINGS = re.compile(r"(What|Which|Who|Whose|Where|Whether|When|How|Of)\b")
SHORT_WORDS = 3


@dataclass(frozen=True)
class Docstring:
    """A docstring, and where it stands."""

    file: str
    name: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.strip().partition("\n")[0].strip()

    @property
    def has_no_subject(self) -> bool:
        return BEGINNINGS.match(self.first_line) is not None

    @property
    def is_filler(self) -> bool:
        return len(self.text.split()) <= SHORT_WORDS


class House:
    """A checkout, read by its tracked files."""

    def __init__(self, root: Path) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True
        )
        self._root = root
        self._files = [file for file in listed.stdout.splitlines() if (root / file).is_file()]
        self._trees = {
            file: ast.parse(self._text(file)) for file in self._files if file.endswith(".py") and self.is_product(file)
        }

    @staticmethod
    def is_product(file: str) -> bool:
        return file.split("/", maxsplit=1)[0] in PACKAGES

    def modules_by_folder(self) -> Counter[str]:
        """Modules in each folder of the product, its `__init__` not counted."""
        return Counter(Path(file).parent.as_posix() for file in self._trees if Path(file).name != "__init__.py")

    def class_names_twice(self) -> dict[str, list[str]]:
        """Public class names that several files of one package define, as PACKAGE.NAME, with these files."""
        found: dict[str, list[str]] = {}
        for file, tree in self._trees.items():
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(f"{file.split('/')[0]}.{node.name}", []).append(file)
        return {name: files for name, files in sorted(found.items()) if len(files) > 1}

    def docstrings(self) -> Iterator[Docstring]:
        """Docstrings of modules, classes, functions and attributes of the product."""
        for file, tree in self._trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    if text := ast.get_docstring(node, clean=False):
                        yield Docstring(file, getattr(node, "name", ""), text)
                    yield from self._of_attributes(file, node.body)

    @staticmethod
    def _of_attributes(file: str, body: list[ast.stmt]) -> Iterator[Docstring]:
        """A string behind an assignment documents what was assigned."""
        for before, node in pairwise(body):
            if (
                isinstance(before, ast.Assign | ast.AnnAssign)
                and isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                target = before.targets[0] if isinstance(before, ast.Assign) else before.target
                yield Docstring(file, ast.unparse(target), node.value.value)

    def lines(self, *folders: str) -> int:
        return sum(
            self._text(file).count("\n") for file in self._files if file.endswith(".py") and file.startswith(folders)
        )

    def words_of_manuals(self) -> int:
        """Words of README and docs, without decision records and figures."""
        pages = [
            file
            for file in self._files
            if file.endswith(".md")
            and (file.startswith("docs/") or "/" not in file)
            and not file.startswith(("docs/decisions/", "docs/figures/"))
            and file != "CHANGELOG.md"
        ]
        return sum(len(self._text(file).split()) for file in pages)

    def counts(self) -> dict[str, int | str]:
        """The table, a row a name."""
        folders = self.modules_by_folder()
        largest, modules = max(folders.items(), key=lambda item: item[1])
        docstrings = list(self.docstrings())
        return {
            "folders with modules": len(folders),
            "folders with more than 20 modules": sum(count > 20 for count in folders.values()),
            "modules in the largest folder": f"{modules} ({largest})",
            "public class names twice in a package": len(self.class_names_twice()),
            "docstrings": len(docstrings),
            "docstrings that begin with a question word or Of": sum(each.has_no_subject for each in docstrings),
            f"docstrings of {SHORT_WORDS} words or fewer": sum(each.is_filler for each in docstrings),
            "lines of product code": self.lines(*(f"{package}/" for package in PACKAGES)),
            "lines of tests, chaos and benches": self.lines("tests/", "bench/", "chaos/"),
            "words of manuals": self.words_of_manuals(),
        }

    def _text(self, file: str) -> str:
        return (self._root / file).read_text(encoding="utf-8")


def main() -> None:
    """Prints the table."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    for name, count in House(root).counts().items():
        print(f"{name:<50} {count}")


if __name__ == "__main__":
    main()
