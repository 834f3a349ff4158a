"""Freezes every name that another machine, a disk or a person holds on to, whatever its module or class is called.

`frozen/*.txt` has them, one a line. The product itself is asked for them, so that they hold while its code is moved.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.contracts import frozen_disk, frozen_operation, frozen_wire

FROZEN: Final = Path(__file__).parent / "frozen"
COMMAND: Final = "python -m tests.contracts.test_frozen_names"
Lines = Callable[[], Iterable[str]]


def names(folder: Path) -> dict[str, Lines]:
    """Each list by the name of its file; `folder` is where the stores are made that are looked at."""
    stores = frozen_disk.Stores(folder)
    return {
        "codes": frozen_wire.code_lines,
        "commands": frozen_operation.command_lines,
        "configuration": frozen_operation.key_lines,
        "files": partial(frozen_disk.file_lines, stores),
        "messages": frozen_wire.message_lines,
        "metrics": partial(frozen_operation.metric_lines, folder / "metrics"),
        "records": frozen_disk.record_lines,
        "routes": frozen_wire.route_lines,
        "tables": partial(frozen_disk.table_lines, stores),
        "topics": frozen_wire.topic_lines,
        "units": frozen_operation.unit_lines,
    }


LISTS: Final = tuple(sorted(path.stem for path in FROZEN.glob("*.txt")))


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lines]:
    return names(tmp_path_factory.mktemp("stores"))


@pytest.mark.parametrize("name", LISTS)
def test_the_names_are_as_they_were(present: dict[str, Lines], name: str) -> None:
    file = FROZEN / f"{name}.txt"
    before, now = file.read_text(encoding="utf-8").splitlines(), _sorted(present[name])
    if now != before:
        pytest.fail(_told(file, before, now), pytrace=False)


def test_every_list_is_frozen(present: dict[str, Lines]) -> None:
    assert tuple(sorted(present)) == LISTS


def test_no_contract_is_left_out() -> None:
    assert frozen_wire.unlisted_contracts() == [], "add each to MESSAGES in frozen_wire.py, by the name of the message"


def _sorted(lines: Lines) -> list[str]:
    return sorted(set(lines()))


def _told(file: Path, before: list[str], now: list[str]) -> str:
    changes = [line for line in unified_diff(before, now, lineterm="", n=0) if line[:2] not in {"--", "++", "@@"}]
    if set(before) <= set(now):
        return "\n".join((f"{file.name}: names are new. Freeze them: {COMMAND} --write", *changes))
    return "\n".join(
        (
            f"{file.name}: names have changed that machines in the field, disks or people hold on to.",
            *changes,
            "A change of one of these names needs a decision record (docs/decisions). Was it not meant, take it back;",
            f"was it, write the record and run: {COMMAND} --write",
        )
    )


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {COMMAND} --write")
    with tempfile.TemporaryDirectory() as made:
        texts = {title: "\n".join(_sorted(lines)) + "\n" for title, lines in names(Path(made)).items()}
    for title, text in texts.items():
        (FROZEN / f"{title}.txt").write_text(text, encoding="utf-8")
