"""How many people: means and maxima of five minutes or more, and nothing that tells one picture's count."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.search import Wanted
from provisioning.contracts.zone_counts import GRID_MS, MIN_PICTURES, ZoneBin, ZoneCounts
from ray_cluster.asked import AskedZones
from ray_cluster.entries import Entry
from ray_cluster.query import Query
from tests.ray_cluster.test_query import Http, intake_is_well
from tests.ray_cluster.world import DAY_MS, NOW_MS, archiver, entry, query

END_MS = NOW_MS // GRID_MS * GRID_MS
PICTURES = 240
STEP_MS = 67_000
LATER_MS = NOW_MS + DAY_MS


def counted(number: int, people: int, *, at_ms: int, camera: str = "cam-1", agent: str = "street") -> Entry:
    made = entry(number, at_ms=at_ms, camera=camera, agent=agent)
    return replace(made, snapshot=made.snapshot.model_copy(update={"people": people}))


def people_in(number: int) -> int:
    return number * 7 % 23


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Four and a half hours before three cameras, two of which share an id; and a picture of 1970."""
    place = tmp_path_factory.mktemp("archive")
    cameras = (("street", "cam-1"), ("street", "cam-2"), ("alley", "cam-1"))
    entries = [
        counted(number, people_in(number), at_ms=END_MS - 1 - number * STEP_MS, agent=agent, camera=camera)
        for number in range(PICTURES)
        for agent, camera in [cameras[number % 3]]
    ]
    archiver(place).commit([*entries, counted(999, 900, at_ms=1000)], now_ms=NOW_MS)
    return query(place)


def zones(read: Query, asked: AskedZones, *, now_ms: int = LATER_MS) -> dict[tuple[str, str], tuple[ZoneBin, ...]]:
    answer = read.zones(asked, asked.filter(), now_ms=now_ms)
    return {(each.agent_id, each.camera_id): each.bins for each in answer.zones}


@settings(max_examples=25)
@given(width=st.integers(1, 12), bins=st.integers(1, 40), before=st.integers(0, 60), sources=st.booleans())
def test_bins_are_what_counting_by_hand_gives(read: Query, width: int, bins: int, before: int, sources: bool) -> None:
    bin_ms = width * GRID_MS
    from_ms = END_MS - before * GRID_MS - bins * bin_ms // 2 // GRID_MS * GRID_MS
    asked = AskedZones(
        from_ms=from_ms,
        to_ms=from_ms + bins * bin_ms,
        bin_ms=bin_ms,
        source=("alley/cam-1",) if sources else (),
        camera_id=() if sources else ("cam-1",),
    )
    by_hand: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for number in range(PICTURES):
        agent, camera = (("street", "cam-1"), ("street", "cam-2"), ("alley", "cam-1"))[number % 3]
        at_ms = END_MS - 1 - number * STEP_MS
        wanted = camera == "cam-1" and (agent == "alley" or not sources)
        if wanted and asked.from_ms <= at_ms < asked.to_ms:
            by_hand[agent, camera, from_ms + (at_ms - from_ms) // bin_ms * bin_ms].append(people_in(number))
    found = {
        (agent, camera, each.from_ms): (each.pictures, each.mean, each.most)
        for (agent, camera), of in zones(read, asked).items()
        for each in of
    }
    assert found == {
        key: (len(counts), round(mean(counts), 1), max(counts))
        for key, counts in by_hand.items()
        if len(counts) >= MIN_PICTURES
    }


def test_a_bin_is_told_once_it_has_been_over_for_five_minutes(read: Query) -> None:
    bin_ms = 2 * GRID_MS
    asked = AskedZones(from_ms=END_MS - 2 * bin_ms, to_ms=END_MS, bin_ms=bin_ms)
    told = {
        now_ms: max((each.from_ms for of in zones(read, asked, now_ms=now_ms).values() for each in of), default=None)
        for now_ms in (0, END_MS - bin_ms, END_MS - 1, END_MS + GRID_MS - 1, END_MS + GRID_MS)
    }
    first, second = END_MS - 2 * bin_ms, END_MS - bin_ms
    assert list(told.values()) == [None, None, first, first, second]


def test_a_bin_over_midnight_is_one(tmp_path: Path) -> None:
    midnight_ms = (END_MS + 8 * 3_600_000) // DAY_MS * DAY_MS - 8 * 3_600_000
    rows = [counted(number, number, at_ms=midnight_ms + (number - 2) * 60_000) for number in range(4)]
    archiver(tmp_path).commit(rows, now_ms=NOW_MS)
    read = query(tmp_path)
    assert len(read.days()) == 2
    asked = AskedZones(from_ms=midnight_ms - GRID_MS, to_ms=midnight_ms + GRID_MS, bin_ms=2 * GRID_MS)
    (found,) = zones(read, asked)["street", "cam-1"]
    assert (found.pictures, found.mean, found.most) == (4, 1.5, 3)


@pytest.mark.parametrize(
    "asked",
    [
        {"bin_ms": GRID_MS - 1},
        {"bin_ms": 60_000},
        {"bin_ms": GRID_MS * 3 // 2},
        {"from_ms": END_MS - GRID_MS + 1},
        {"to_ms": END_MS - GRID_MS + 1},
        {"limit": 1},
        {"cursor": "x"},
        {"row_key": "x"},
        {"people": 1},
        *({name: "0.5"} for name in sorted(Wanted.model_fields)),
    ],
    ids=str,
)
def test_nothing_finer_and_nothing_else_can_be_asked_of_people(read: Query, asked: dict[str, object]) -> None:
    http = Http(read, intake_is_well)
    whole: dict[str, object] = {"from_ms": END_MS - GRID_MS, "to_ms": END_MS, "bin_ms": GRID_MS}
    assert http.get("/zones", params=whole).status_code == 200
    assert http.get("/zones", params=whole | asked).status_code == 422
    assert Http(read, intake_is_well, token="wrong").get("/zones", params=whole).status_code == 401


def test_the_answer_has_no_row_of_a_picture(read: Query) -> None:
    asked = AskedZones(from_ms=END_MS - 400 * GRID_MS, to_ms=END_MS, bin_ms=GRID_MS)
    answer = read.zones(asked, asked.filter(), now_ms=LATER_MS)
    assert answer.rows_read == PICTURES
    assert set(ZoneCounts.model_fields) == {"zones", "told_to_ms", "rows_read", "days_left_out"}
    assert "900" not in answer.model_dump_json(include={"zones"})
