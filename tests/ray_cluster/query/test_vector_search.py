"""One window by a vector: whichever way it is searched, what a filter leaves is what is answered."""

from typing import Any, Final

import pytest

from ray_cluster.archive import index_policy
from ray_cluster.archive.lance_tables import connect
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.maintenance import upkeep as upkeep_module
from ray_cluster.query import vector_search
from ray_cluster.query.vector_search import Nearest
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, archiver, entry, look, upkeep

MACHINES: Final = 600
QUESTIONS: Final = 12


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Six hundred machines of ten looks and ten cameras, five hundred of them in an index."""
    folder = tmp_path_factory.mktemp("archive")
    writer, keeper = archiver(folder), upkeep(folder)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(index_policy, "FIRST_VECTORS", 300)
        small.setattr(index_policy, "ROWS_A_PARTITION", 25)
        small.setattr(upkeep_module, "SMALL_FRAGMENTS", 3)
        for first in range(0, MACHINES, 100):
            if first == 500:
                assert keeper.run_once(now_ms=NOW_MS).days[0].indexed == 500
            batch = [
                entry(
                    number,
                    camera=f"cam-{number % 10}",
                    machines=(CAR if number % 3 else BIKE,),
                    appearances=(look(1000 + number, near=number // 10 % 10),),
                )
                for number in range(first, first + 100)
            ]
            writer.commit(batch, now_ms=NOW_MS)
    tables = connect(folder)
    return tables.open_table(next(name for name in tables.list_tables().tables if name.startswith(OBJECTS)))


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ("camera_id = 'cam-3'", lambda row: row["camera_id"] == "cam-3"),
        ("camera_id IN ('cam-3', 'cam-7') AND cls = 'bicycle'", lambda row: row["camera_id"] in {"cam-3", "cam-7"}),
        ("cls = 'bicycle'", lambda row: row["cls"] == "bicycle"),
    ],
)
def test_by_the_index_a_filter_finds_what_one_by_one_finds(
    objects: Any, monkeypatch: pytest.MonkeyPatch, condition: str, fits: Any
) -> None:
    monkeypatch.setattr(vector_search, "EXACT_ROWS", 0)
    found = wanted = 0
    for seed in range(QUESTIONS):
        vector = look(seed % 10).vector
        assert vector is not None
        by_index = vector_search.nearest(objects, Nearest(vector, 10, condition))
        one_by_one = vector_search.nearest(objects, Nearest(vector, 10, condition, exact=True))
        assert len(by_index) == len(one_by_one) == 10
        assert all(fits(row) for row in by_index)
        wanted += 10
        found += len({row["object_key"] for row in by_index} & {row["object_key"] for row in one_by_one})
    assert found / wanted >= index_policy.MIN_RECALL


def test_few_that_fit_are_compared_one_by_one(objects: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    vector = look(3).vector
    assert vector is not None
    monkeypatch.setattr(vector_search, "partitions", lambda _: 0)  # an index that is asked says so
    few = vector_search.nearest(objects, Nearest(vector, 10, "camera_id = 'cam-3'"))
    assert len(few) == 10
    monkeypatch.setattr(vector_search, "EXACT_ROWS", 50)
    with pytest.raises(ZeroDivisionError):
        vector_search.nearest(objects, Nearest(vector, 10, "camera_id = 'cam-3'"))


@pytest.mark.parametrize(("of", "together", "by_index"), [(10, True, False), (11, True, True), (10, False, True)])
def test_where_those_that_fit_lie_together_more_are_compared_one_by_one(
    objects: Any, monkeypatch: pytest.MonkeyPatch, of: int, together: bool, by_index: bool
) -> None:
    vector = look(3).vector
    assert vector is not None
    monkeypatch.setattr(vector_search, "EXACT_ROWS", 0)
    monkeypatch.setattr(vector_search, "TOGETHER", of)  # one camera of ten
    monkeypatch.setattr(vector_search, "partitions", lambda _: 0)  # an index that is asked says so
    wanted = Nearest(vector, 10, "camera_id = 'cam-3'", by_looks=True, together=together)
    if by_index:
        with pytest.raises(ZeroDivisionError):
            vector_search.nearest(objects, wanted)
    else:
        assert len(vector_search.nearest(objects, wanted)) == 10
