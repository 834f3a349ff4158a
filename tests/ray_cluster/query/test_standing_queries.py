"""Standing look-alikes in the cluster: many cases and rows in one question, and no vector in the answer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import ValidationError

from provisioning.contracts.query.lookalike import MachineRef
from provisioning.contracts.query.standing import StandingAnswer, StandingCase, StandingRequest
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.maintenance.erasure import erase
from ray_cluster.query.routes import create_app
from ray_cluster.query.standing_queries import FRESH_MS, Standing
from tests.ray_cluster.query.test_reader import TOKEN, intake_is_well
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, OFFSET_MINUTES, archiver, entry, look, lookalike, query


class Moved:
    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def old(number: int) -> Any:
    """A row of three days ago."""
    return entry(number, at_ms=NOW_MS - 3 * DAY_MS, camera="cam-9", machines=(BIKE,), appearances=(look(number),))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sought machines of three days ago; fresh rows like the first, like the second, like none, and a car."""
    place = tmp_path_factory.mktemp("archive")
    writer = archiver(place)
    writer.commit([old(7), old(8)], now_ms=NOW_MS)
    fresh = [
        entry(101, machines=(BIKE, CAR), appearances=(look(101, near=7), look(301))),
        entry(102, machines=(BIKE,), appearances=(look(102, near=8),)),
        entry(103, machines=(BIKE,), appearances=(look(103),)),
        entry(104, machines=(CAR,), appearances=(look(104, near=7),)),
        entry(105),
    ]
    writer.commit(fresh, now_ms=NOW_MS)
    return place


ROWS = tuple(entry(number).row_key for number in range(101, 106))


def case(name: str, number: int, **changes: Any) -> StandingCase:
    wanted: dict[str, Any] = {
        "case": name,
        "machines": (MachineRef(row_key=old(number).row_key, index=0),),
        "classes": (MachineClass.BICYCLE, MachineClass.MOTORCYCLE),
        "at_least": 0.8,
        "rows": tuple(range(len(ROWS))),
    }
    return StandingCase(**(wanted | changes))


def found(answer: StandingAnswer) -> set[tuple[str, str]]:
    return {(hit.case, hit.machine.row_key) for hit in answer.hits}


def test_each_case_hears_of_the_rows_that_are_like_its_own_machine_alone(directory: Path) -> None:
    answer = lookalike(directory).standing.compare(StandingRequest(cases=(case("A", 7), case("B", 8)), row_keys=ROWS))
    assert found(answer) == {("A", ROWS[0]), ("B", ROWS[1])}
    assert all(0.8 <= hit.similarity <= 1 and hit.machine.index == 0 for hit in answer.hits)
    assert answer.unseen == ()


def test_rows_outside_of_a_cases_area_and_other_classes_are_not_compared(directory: Path) -> None:
    standing = lookalike(directory).standing
    elsewhere = StandingRequest(cases=(case("A", 7, rows=(1, 2)),), row_keys=ROWS)
    assert found(standing.compare(elsewhere)) == set()
    cars = StandingRequest(cases=(case("A", 7, classes=(MachineClass.CAR,)),), row_keys=ROWS)
    assert found(standing.compare(cars)) == {("A", ROWS[3])}


def test_a_sought_row_is_no_hit_of_itself_and_one_without_a_vector_is_named(directory: Path) -> None:
    own = MachineRef(row_key=ROWS[0], index=0)
    gone = case("gone", 999)
    answer = lookalike(directory).standing.compare(
        StandingRequest(cases=(case("A", 7, machines=(own,)), gone), row_keys=ROWS)
    )
    assert found(answer) == set()
    assert answer.unseen == ("gone",)


def test_the_similarity_is_the_cosine(directory: Path) -> None:
    answer = lookalike(directory).standing.compare(StandingRequest(cases=(case("A", 7),), row_keys=ROWS))
    one, other = look(7).vector, look(101, near=7).vector
    assert one is not None
    assert other is not None
    assert answer.hits[0].similarity == pytest.approx(float(np.dot(one, other)), abs=1e-5)


def test_an_erased_picture_stands_no_longer_than_a_minute(tmp_path: Path) -> None:
    clock = Moved()
    archiver(tmp_path).commit([old(7), entry(101, machines=(BIKE,), appearances=(look(101, near=7),))], now_ms=NOW_MS)
    like = lookalike(tmp_path)
    standing = Standing(like._partitions, like._audit, clock)
    asked = StandingRequest(cases=(case("A", 7, rows=(0,)),), row_keys=ROWS[:1])
    assert len(standing.compare(asked).hits) == 1
    erase(tmp_path, old(7).row_key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    clock.now_ms += FRESH_MS + 1
    assert standing.compare(asked).unseen == ("A",)


def test_over_http_it_is_one_line_in_the_audit_before_and_no_vector_after(directory: Path) -> None:
    app = create_app(query(directory), FakeStages(), lookalike(directory), token=TOKEN, ask_intake=intake_is_well)
    body = StandingRequest(cases=(case("HTTP", 7),), row_keys=ROWS).model_dump_json()

    async def ask(text: str, token: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://query") as client:
            return await client.post("/standing", content=text, headers={"Authorization": f"Bearer {token}"})

    answer = asyncio.run(ask(body, TOKEN))
    assert answer.status_code == 200, answer.text
    assert "vector" not in answer.text
    asyncio.run(ask(body, TOKEN))
    lines = [json.loads(line) for file in (directory / "audit").iterdir() for line in file.read_text().splitlines()]
    first, second = [line for line in lines if line["event"] == "standing"][-2:]
    assert (first["rows"], first["cases"], first["new"][0]["case"]) == (5, 1, "HTTP")
    assert second["new"] == []
    assert asyncio.run(ask(body, "another")).status_code == 401
    assert asyncio.run(ask(body.replace(ROWS[0], "x' OR 1=1"), TOKEN)).status_code == 422
    assert asyncio.run(ask("{", TOKEN)).status_code == 422


@pytest.mark.parametrize(
    "change", [{"rows": (5,)}, {"rows": (-1,)}, {"at_least": 0.1}, {"classes": ("person",)}], ids=str
)
def test_a_question_that_cannot_be_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StandingRequest(cases=(case("A", 7, **change),), row_keys=ROWS)
