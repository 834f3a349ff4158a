"""Look-alike search over several days, and its HTTP face: for a case or not at all."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.lookalike import LookalikePage, LookalikeRequest, MachineRef
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.errors import NoVector
from ray_cluster.query import lookalike as lookalike_module
from ray_cluster.query.routes import MAX_BODY_BYTES, create_app
from ray_cluster.query.vector_search import Found, Nearest, find
from tests.ray_cluster.query.test_reader import TOKEN, intake_is_well
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, archiver, entry, look, lookalike, query, upkeep

DAYS = 3
AGENT = "street"
CAMERAS = (f"{AGENT}/cam-0", f"{AGENT}/cam-1", f"{AGENT}/cam-2")
WANTED = MachineRef(row_key=entry(907, camera="cam-9").row_key, index=0)
"""Number 7, seen by a camera that no request asks."""


def request(**changes: Any) -> LookalikeRequest:
    wanted: dict[str, Any] = {
        "case": "A-2026-17",
        "purpose": "stolen bicycle",
        "asked_by": "analyst",
        "machines": (WANTED,),
        "sources": CAMERAS,
        "from_ms": NOW_MS - 9 * DAY_MS,
        "to_ms": NOW_MS + DAY_MS,
        "limit": 10,
    }
    return LookalikeRequest(**(wanted | changes))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety machines on three days; each sixth looks like number 7, which another camera saw."""
    place = tmp_path_factory.mktemp("archive")
    writer = archiver(place)
    for day in range(DAYS):
        batch = []
        for number in range(30 * day, 30 * day + 30):
            alike = number % 6 == 0
            batch.append(
                entry(
                    number,
                    at_ms=NOW_MS - day * DAY_MS - 1000 * number,
                    camera=f"cam-{number % 3}",
                    machines=(BIKE if number % 4 == 0 else CAR,),
                    appearances=(
                        look(
                            100 + number,
                            near=7 if alike else None,
                            colour=MachineColour.RED if number % 12 == 0 else MachineColour.BLUE,
                        ),
                    ),
                )
            )
        writer.commit(batch, now_ms=NOW_MS)
    writer.commit([entry(907, camera="cam-9", machines=(BIKE,), appearances=(look(7),))], now_ms=NOW_MS)
    writer.commit([entry(900)], now_ms=NOW_MS)  # a machine that nobody looked at
    twins = [entry(950 + n, agent="alley", camera="cam-0", machines=(BIKE,), appearances=(look(7),)) for n in range(12)]
    writer.commit(twins, now_ms=NOW_MS)  # another agent's camera of the same name saw the very machine, often
    return place


def numbers(page: LookalikePage) -> set[int]:
    keys = {
        entry(n, at_ms=NOW_MS - n // 30 * DAY_MS - 1000 * n, camera=f"cam-{n % 3}").row_key: n for n in range(30 * DAYS)
    }
    return {keys[hit.machine.row_key] for hit in page.hits}


def test_the_alike_are_found_on_every_day_and_pages_only_get_better(directory: Path) -> None:
    pages = list(lookalike(directory).search(request(limit=15)))
    assert [page.final for page in pages] == [False, False, True]
    assert [page.days_done for page in pages] == [1, 2, 3]
    assert numbers(pages[-1]) == set(range(0, 90, 6))
    similar = [hit.similarity for hit in pages[-1].hits]
    assert similar == sorted(similar, reverse=True)
    assert min(similar) > 0.8
    worst = [min(hit.similarity for hit in page.hits) for page in pages]
    assert worst == sorted(worst)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sources": (f"{AGENT}/cam-0",)}, set(range(0, 90, 6))),
        ({"sources": (f"{AGENT}/cam-1",)}, None),
        ({"classes": (MachineClass.BICYCLE,)}, set(range(0, 90, 12))),
        ({"colours": (MachineColour.BLUE,)}, set(range(6, 90, 12))),
        ({"from_ms": NOW_MS - 12 * 3_600_000}, set(range(0, 30, 6))),
        ({"to_ms": NOW_MS - DAY_MS - 40_000}, set(range(42, 90, 6))),
    ],
)
def test_filters_come_before_the_likeness(directory: Path, changes: dict[str, Any], expected: set[int] | None) -> None:
    page = list(lookalike(directory).search(request(limit=30, **changes)))[-1]
    alike = {n for n in numbers(page) if n % 6 == 0}
    if expected is not None:
        assert alike == expected
    for hit in page.hits:
        assert f"{AGENT}/{hit.machine.camera_id}" in changes.get("sources", CAMERAS)
        assert hit.machine.cls in changes.get("classes", tuple(MachineClass))
        assert hit.machine.colour in changes.get("colours", tuple(MachineColour))
        assert changes.get("from_ms", 0) <= hit.machine.captured_at_ms < changes.get("to_ms", NOW_MS + 1)


def test_another_agents_camera_of_the_same_name_takes_no_place_among_the_hits(directory: Path) -> None:
    asked = request(sources=(f"{AGENT}/cam-0",), classes=(MachineClass.BICYCLE,), limit=5)
    page = list(lookalike(directory).search(asked))[-1]
    assert {hit.machine.row_key.partition(":")[0] for hit in page.hits} == {AGENT}
    assert len(page.hits) == 5
    both = request(sources=(f"{AGENT}/cam-0", "alley/cam-0"), limit=20)
    page = list(lookalike(directory).search(both))[-1]
    assert {hit.machine.row_key.partition(":")[0] for hit in page.hits} == {AGENT, "alley"}


SUMMARISED: tuple[dict[str, Any], ...] = (
    {},
    {"sources": (f"{AGENT}/cam-0",), "limit": 30},
    {"sources": (f"{AGENT}/cam-0", "alley/cam-0"), "limit": 30},
    {"sources": (f"{AGENT}/cam-0", f"{AGENT}/cam-1", f"{AGENT}/cam-2", f"{AGENT}/cam-9", "alley/cam-0"), "limit": 30},
    {"sources": ("alley/cam-1", f"{AGENT}/cam-2"), "classes": (MachineClass.CAR,)},
    {"sources": (f"{AGENT}/cam-1",), "to_ms": NOW_MS - DAY_MS},
)
"""A camera whose namesake is not asked, one that is, all that there are, one that no agent has; a span."""


@pytest.mark.parametrize("late", [False, True])
def test_with_a_summary_of_its_sources_a_window_answers_the_same(directory: Path, tmp_path: Path, late: bool) -> None:
    place = tmp_path / "archive"
    shutil.copytree(directory, place)
    assert upkeep(place).run_once(now_ms=NOW_MS + 2 * DAY_MS).faults == ()
    if late:  # of a source that no summary knows yet
        archiver(place).commit(
            [entry(990, at_ms=NOW_MS - 500, agent="gate", camera="cam-0", machines=(BIKE,), appearances=(look(7),))],
            now_ms=NOW_MS + 2 * DAY_MS,
        )
    assert list((place / "summaries").iterdir())
    plain = tmp_path / "plain"
    shutil.copytree(place, plain)
    shutil.rmtree(plain / "summaries")
    for changes in SUMMARISED:
        pages = [list(lookalike(folder).search(request(**changes)))[-1].hits for folder in (place, plain)]
        assert pages[0] == pages[1]
        assert pages[0]


def test_agents_are_looked_at_only_for_namesakes_and_no_window_is_searched_that_has_no_camera_asked(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of keys lists all rows of an agent, which is six times the price of the search."""
    place = tmp_path / "archive"
    shutil.copytree(directory, place)
    assert upkeep(place).run_once(now_ms=NOW_MS + 2 * DAY_MS).faults == ()
    asked: list[str] = []

    def noted(objects: Any, wanted: Nearest) -> Found:
        asked.append(wanted.condition)
        return find(objects, wanted)

    monkeypatch.setattr(lookalike_module, "find", noted)

    def conditions(*sources: str) -> list[str]:
        asked.clear()
        list(lookalike(place).search(request(sources=sources)))
        return sorted(asked)

    assert conditions(f"{AGENT}/cam-1") == ["(camera_id IN ('cam-1'))"] * DAYS
    assert conditions(*CAMERAS)[:2] == ["", ""], "all sources of two days are asked"
    assert conditions(f"{AGENT}/cam-9", "gate/cam-1") == ["(camera_id IN ('cam-9'))"], "the newest day alone has one"
    alone, both = f"{AGENT}/cam-1", f"{AGENT}/cam-0"
    mixed = f"(camera_id IN ('cam-1') OR ((starts_with(row_key, '{AGENT}:') AND camera_id IN ('cam-0'))))"
    assert mixed in conditions(alone, both)
    assert conditions("gate/cam-0") == []


def test_a_machine_of_the_archive_is_asked_by_its_key(directory: Path) -> None:
    key = entry(6, at_ms=NOW_MS - 6000, camera="cam-0").row_key
    page = list(lookalike(directory).search(request(machines=(MachineRef(row_key=key, index=0),))))[-1]
    assert page.hits[0].machine.row_key == key
    assert page.hits[0].similarity == pytest.approx(1, abs=1e-4)
    blind = MachineRef(row_key=entry(900).row_key, index=0)
    with pytest.raises(NoVector):
        lookalike(directory).search(request(machines=(blind,)))


def test_indexed_or_not_the_answer_is_the_same(directory: Path) -> None:
    before = [hit.machine.object_key for hit in list(lookalike(directory).search(request()))[-1].hits]
    assert upkeep(directory).run_once(now_ms=NOW_MS).faults == ()
    assert [hit.machine.object_key for hit in list(lookalike(directory).search(request()))[-1].hits] == before


@pytest.mark.parametrize("sealed", [True, False])
def test_a_time_that_was_not_believed_is_held_against_the_span(tmp_path: Path, *, sealed: bool) -> None:
    midnight_ms = NOW_MS + 4 * 3_600_000
    writer = archiver(tmp_path)
    ahead = entry(1, at_ms=midnight_ms + 7_200_000, camera="cam-0", appearances=(look(1, near=7),))
    writer.commit([entry(907, camera="cam-9", appearances=(look(7),)), ahead], now_ms=NOW_MS)
    if sealed:
        upkeep(tmp_path).run_once(now_ms=midnight_ms + 3_600_000)
    writer.commit([entry(2, camera="cam-0", appearances=(look(2, near=7),))], now_ms=NOW_MS)
    asked = request(from_ms=midnight_ms - DAY_MS, to_ms=midnight_ms)
    (hit,) = list(lookalike(tmp_path).search(asked))[-1].hits
    assert hit.machine.row_key == entry(2, camera="cam-0").row_key
    if sealed:
        upkeep(tmp_path).run_once(now_ms=midnight_ms + 2 * 3_600_000)
        assert list(lookalike(tmp_path).search(asked))[-1].hits == (hit,)


@pytest.mark.parametrize(
    "changes",
    [
        {"case": ""},
        {"case": "two words"},
        {"purpose": ""},
        {"purpose": "a\nforged line"},
        {"sources": ()},
        {"sources": (f"{AGENT}/x' OR 1=1",)},
        {"sources": ("cam-0",)},
        {"to_ms": NOW_MS + 99 * DAY_MS},
        {"from_ms": NOW_MS + DAY_MS},
        {"limit": 1001},
        {"machines": ()},
        {"machines": (WANTED,) * 9},
        {"vectors": ((0.0625,) * 256,)},
        {"classes": ("person",)},
    ],
)
def test_no_case_no_purpose_no_bounds_no_search(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        request(**changes)


def post(directory: Path, body: bytes, token: str = TOKEN) -> httpx.Response:
    app = create_app(query(directory), FakeStages(), lookalike(directory), token=token, ask_intake=intake_is_well)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://query") as client:
            return await client.post("/lookalikes", content=body, headers={"Authorization": f"Bearer {TOKEN}"})

    return asyncio.run(ask())


def test_http_one_page_a_line_and_one_audit_line(directory: Path) -> None:
    def written_down() -> list[str]:
        return [line for file in (directory / "audit").glob("*") for line in file.read_text().splitlines()]

    before = len(written_down())
    answer = post(directory, request().model_dump_json().encode())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    pages = [LookalikePage.model_validate_json(line) for line in answer.text.splitlines()]
    assert pages[-1].final
    assert len(pages[-1].hits) == 10
    assert "vector" not in answer.text
    (audit,) = (directory / "audit").iterdir()
    lines = written_down()
    assert len(lines) == before + 1
    written = json.loads(lines[-1])
    assert (written["event"], written["case"], written["purpose"]) == ("lookalike", "A-2026-17", "stolen bicycle")
    assert written["machines"] == [WANTED.model_dump()]
    assert audit.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("body", "code", "kind"),
    [
        (b"{}", 422, "bad_request"),
        (b"\xff not json", 422, "bad_request"),
        (b"[" * 5000, 422, "bad_request"),
        (b" " * (MAX_BODY_BYTES + 1), 422, "bad_request"),
        (request(machines=(MachineRef(row_key="x' OR 1=1", index=0),)).model_dump_json().encode(), 422, ""),
        (
            request(machines=(MachineRef(row_key=f"a:{'0' * 32}", index=0),)).model_dump_json().encode(),
            422,
            "no_vector",
        ),
    ],
)
def test_http_what_is_no_request_is_refused(directory: Path, body: bytes, code: int, kind: str) -> None:
    answer = post(directory, body)
    assert answer.status_code == code
    assert answer.json()["error"].startswith(kind)
    assert post(directory, body, token="another").status_code == 401


def test_no_audit_line_no_search(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1, appearances=(look(1),))], now_ms=NOW_MS)
    (tmp_path / "audit").write_text("in the way")
    answer = post(tmp_path, request().model_dump_json().encode())
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
