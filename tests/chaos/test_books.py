"""The judge of the trials: it must see what they are there to find."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.contracts.wire.messages import Ledger
from tests.chaos.books import Books, Row, drain
from tests.chaos.tallies import Tallies, Tally

ROOT = Path(__file__).parents[2]
LEDGER = Ledger(
    selected=100, spooled=95, archived=90, rejected=0, dropped={"disk_full": 5, "interrupted": 5}, in_flight=0
)
GOOD = Books(agent_id="street", ledger=LEDGER, rows=90, lost=0, twice=0, unaccounted=0)


def test_books_that_add_up_have_no_fault() -> None:
    assert GOOD.faults() == []


@pytest.mark.parametrize(
    ("books", "says"),
    [
        (replace(GOOD, lost=1), "1 were let go and are not in the archive"),
        (replace(GOOD, rows=91, twice=1), "1 are in the archive twice"),
        (replace(GOOD, unaccounted=1), "the agent says otherwise"),
        (replace(GOOD, rows=89), "archived 90, and 89 rows"),
        (replace(GOOD, ledger=LEDGER.model_copy(update={"in_flight": 2})), "2 are still in flight"),
        (replace(GOOD, ledger=LEDGER.model_copy(update={"selected": 101})), "selected 101"),
        (
            replace(GOOD, ledger=LEDGER.model_copy(update={"dropped": {"spool_full": 5, "interrupted": 5}})),
            "spool_full",
        ),
        (
            replace(GOOD, ledger=LEDGER.model_copy(update={"rejected": 1, "dropped": {"disk_full": 9}})),
            "1 were rejected",
        ),
    ],
)
def test_each_broken_promise_is_named(books: Books, says: str) -> None:
    (fault,) = books.faults()
    assert says in fault
    assert fault.startswith("street: ")


def test_a_drain_is_measured_beside_the_live_pictures() -> None:
    back_ms = 1_000_000
    old = [Row("street", f"o{n}", back_ms - 1000 * n, back_ms + 20 * n) for n in range(1, 501)]  # 50 a second
    live = [Row("street", f"l{n}", back_ms + 200 * n, back_ms + 200 * n + 700) for n in range(1, 100)]  # five
    foreign = [Row("alley", f"f{n}", back_ms - n, back_ms + n) for n in range(1000)]
    found = drain([*live, *old, *foreign], "street", back_ms)
    assert found is not None
    assert found.backlog == 500
    assert found.per_s == pytest.approx(50, rel=0.01)
    assert found.times_live == pytest.approx(10, rel=0.1)
    assert found.live_waited_ms == 700
    assert drain(old[:50], "street", back_ms) is None


COUNTS = """
import os, sys
from pathlib import Path
from tests.chaos.tallies import Tallies, Tally
tallies = Tallies(Path(sys.argv[1]))
for _ in range(1000):
    tallies.add(Tally.ARCHIVED)
tallies.add(Tally.AGAIN, 7)
os.kill(os.getpid(), 9)
"""


def test_tallies_outlive_who_counts(tmp_path: Path) -> None:
    file = tmp_path / "tallies"
    done = subprocess.run([sys.executable, "-c", COUNTS, str(file)], cwd=ROOT, check=False)
    assert done.returncode == -9
    with Tallies(file) as tallies:
        assert [tallies.read(which) for which in Tally] == [0, 1000, 7, 0]
