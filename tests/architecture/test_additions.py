"""Adds a dummy of each kind of thing to a copy of the tree: it works, and touches the files that the manual names."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import pytest

from tests.architecture.additions.tree import ROOT, Tree
from tests.support.waiting import LONG_S

PAGE: Final = ROOT / "docs" / "contributing.md"
ADDITIONS: Final = tuple(
    importlib.import_module(f"tests.architecture.additions.{file.stem}")
    for file in sorted((ROOT / "tests" / "architecture" / "additions").glob("*.py"))
    if file.stem != "tree"
)
MOST: Final = 3


def rows() -> dict[str, tuple[list[str], list[str], int]]:
    """Each row of the table: its kind, and the files of the contract, those of the product, and their number."""
    section = PAGE.read_text(encoding="utf-8").split("## I want to add …")[1].split("\n## ")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| ")]
    return {
        kind.strip(): (re.findall(r"`([\w/<>]+\.py)`", contract), re.findall(r"`([\w/<>]+\.py)`", product), int(count))
        for kind, contract, product, count, *_ in cells[1:]
    }


def fits(named: list[str], touched: list[str]) -> bool:
    """True if these are the named files, in this order; `<name>` stands for any."""
    patterns = [re.sub(r"<\w+>", r"\\w+", name) for name in named]
    return len(named) == len(touched) and all(map(re.fullmatch, patterns, touched))


def test_the_table_has_a_row_for_each_addition_and_no_other() -> None:
    assert sorted(rows()) == sorted(addition.KIND for addition in ADDITIONS)


@pytest.mark.parametrize("kind", sorted(rows()))
def test_an_addition_takes_three_files_of_the_product_at_most(kind: str) -> None:
    _, product, count = rows()[kind]
    assert len(product) == count <= MOST


@dataclass(frozen=True)
class Added:
    """What became of all additions: the files that each touched, and the report of their checks."""

    contract: dict[str, list[str]]
    product: dict[str, list[str]]
    report: str


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Added:
    """All of them in one copy, and their checks in one process."""
    tree, own = Tree(tmp_path_factory.mktemp("additions")), tmp_path_factory.mktemp("checks")
    contract, product, checks = {}, {}, []
    for addition in ADDITIONS:
        tree.count_anew()
        addition.add(tree)
        contract[addition.KIND], product[addition.KIND] = tree.contract, tree.product
        check = tree.root / addition.RUN_IN / f"test_added_{stem(addition)}.py"
        checks.append(shutil.copy(str(addition.__file__), check))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-n0", "-p", "no:randomly", f"--basetemp={own}", *checks],
        cwd=tree.root,
        env=os.environ | {"PYTHONPATH": str(tree.root)},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    return Added(contract, product, ran.stdout + ran.stderr)


def stem(addition: ModuleType) -> str:
    return addition.__name__.rpartition(".")[2]


@pytest.mark.parametrize("addition", ADDITIONS, ids=stem)
def test_an_addition_touches_the_files_that_the_table_names(addition: ModuleType, added: Added) -> None:
    contract, product, _ = rows()[addition.KIND]
    assert fits(contract, added.contract[addition.KIND]), added.contract[addition.KIND]
    assert fits(product, added.product[addition.KIND]), added.product[addition.KIND]


@pytest.mark.parametrize("addition", ADDITIONS, ids=stem)
def test_an_addition_works(addition: ModuleType, added: Added) -> None:
    verdicts = set(re.findall(rf"^(PASSED|FAILED|ERROR) .*test_added_{stem(addition)}\.py", added.report, re.MULTILINE))
    assert verdicts == {"PASSED"}, added.report
