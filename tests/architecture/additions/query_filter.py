"""A filter by the detector's score: it narrows a search of the archive, and the search page has a field for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from center.search.filters import Filters
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.query.params import Asked
from tests.architecture.additions.tree import Tree
from tests.center.whole import ADMINISTRATOR, Whole, whole_centre
from tests.ray_cluster.world import NOW_MS, archiver, entry, query

KIND = "a query filter"
RUN_IN = "tests/ray_cluster/query"
FIELD: dict[str, Any] = {"min_score": 0.6}


def add(tree: Tree) -> None:
    contract = "provisioning/contracts/query/search.py"
    tree.before(contract, "    min_share: Share | None = None\n", "    min_score: Share | None = None\n")
    tree.replace(
        contract,
        "            for value in (self.min_side_px,",
        "            for value in (self.min_score, self.min_side_px,",
    )
    tree.before(
        "ray_cluster/query/sql.py",
        "    if wanted.heading_deg is not None:\n        yield",
        '    if wanted.min_score is not None:\n        yield f"score >= {_number(wanted.min_score)}"\n',
    )
    tree.before(
        "center/console/search/filter_panel.py",
        "            self._quality()\n",
        '            self._number("min_score", _("Score from, %"), 100)\n',
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


def test_it_narrows_a_search(tmp_path: Path) -> None:
    box = Box(x0=1, y0=2, x1=30, y1=20)
    entries = [
        entry(number, machines=[Machine(cls=MachineClass.CAR, score=score, box=box)])
        for number, score in enumerate([0.5, 0.75])
    ]
    archiver(tmp_path).commit(entries, now_ms=NOW_MS)
    read = query(tmp_path)
    everything = read.observations(Asked().filter(), limit=10)
    narrowed = read.observations(Asked(**FIELD).filter(), limit=10)
    assert (len(everything.items), len(narrowed.items)) == (2, 1)
    assert narrowed.items[0].machines[0].score == 0.75


def test_the_centre_passes_it_on() -> None:
    assert ("min_score", 0.6) in Filters(**FIELD).params()


def test_the_search_page_has_a_field_for_it(whole: Whole) -> None:
    with whole.browser(ADMINISTRATOR) as browser:
        page = browser.get("/observations", params=FIELD).raise_for_status().text
    assert "Score from, %" in page
