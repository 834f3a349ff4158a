"""How many people: means and maxima of five minutes or more, and nothing that tells one picture's count."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.search import Wanted
from provisioning.contracts.query.zone_counts import GRID_MS, MIN_PICTURES, ZoneBin, ZoneCounts
from ray_cluster.archive.entries import Entry
from ray_cluster.query.params import AskedZones
from ray_cluster.query.reader import Query
from ray_cluster.query.zone_counting import IN_TIME_MS, SETTLE_MS
from tests.ray_cluster.query.test_reader import Http, intake_is_well
from tests.ray_cluster.world import DAY_MS, NOW_MS, archiver, entry, query

END_MS = NOW_MS // GRID_MS * GRID_MS
PICTURES = 240
STEP_MS = 67_000
LATER_MS = NOW_MS + DAY_MS
HOUR_MS = 3_600_000


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
def test_bins_are_what_counting_groups_of_three_by_hand_gives(
    read: Query, width: int, bins: int, before: int, sources: bool
) -> None:
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
    groups: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    for number in reversed(range(PICTURES)):
        agent, camera = (("street", "cam-1"), ("street", "cam-2"), ("alley", "cam-1"))[number % 3]
        at_ms = END_MS - 1 - number * STEP_MS
        cell, end_ms = at_ms // GRID_MS, (at_ms // GRID_MS + 1) * GRID_MS
        if camera != "cam-1" or (sources and agent != "alley") or end_ms > asked.to_ms:
            continue
        stream = (agent, camera, (at_ms + 8 * HOUR_MS) // DAY_MS, end_ms + IN_TIME_MS < NOW_MS)
        group = groups.setdefault(stream, [])
        if len(group) >= MIN_PICTURES and group[-1][0] != cell:
            _take(by_hand, agent, camera, groups.pop(stream), asked)
            group = groups.setdefault(stream, [])
        group.append((cell, people_in(number)))
    for left, group in groups.items():
        if len(group) >= MIN_PICTURES:
            _take(by_hand, str(left[0]), str(left[1]), group, asked)
    found = {
        (agent, camera, each.from_ms): (each.pictures, each.mean, each.most)
        for (agent, camera), of in zones(read, asked).items()
        for each in of
    }
    assert found == {key: (len(counts), round(mean(counts), 1), max(counts)) for key, counts in by_hand.items()}


def _take(
    by_hand: dict[tuple[str, str, int], list[int]],
    agent: str,
    camera: str,
    group: list[tuple[int, int]],
    asked: AskedZones,
) -> None:
    """Count a group in the bin that holds all of it."""
    first, last = ((cell * GRID_MS - asked.from_ms) // asked.bin_ms for cell in (group[0][0], group[-1][0]))
    if first == last >= 0:
        by_hand[agent, camera, asked.from_ms + first * asked.bin_ms] += [people for _, people in group]


def pictures_in(bins: tuple[ZoneBin, ...], from_ms: int, to_ms: int) -> int:
    return sum(each.pictures for each in bins if from_ms <= each.from_ms < to_ms)


@settings(max_examples=25)
@given(wide=st.integers(1, 24), fine=st.integers(1, 8), offset=st.integers(0, 24))
def test_no_two_answers_of_any_width_differ_by_fewer_than_three_pictures(
    read: Query, wide: int, fine: int, offset: int
) -> None:
    """The street camera has one or two pictures in five minutes: a narrow bin taken from a wide one would leave one."""
    to_ms = END_MS - offset * GRID_MS
    outer = AskedZones(from_ms=to_ms - wide * GRID_MS, to_ms=to_ms, bin_ms=wide * GRID_MS)
    whole = min(fine, wide)
    inner = AskedZones(from_ms=to_ms - whole * GRID_MS, to_ms=to_ms, bin_ms=whole * GRID_MS)
    more, less = zones(read, outer), zones(read, inner)
    for camera, bins in less.items():
        left = pictures_in(more.get(camera, ()), 0, to_ms) - pictures_in(bins, 0, to_ms)
        assert left == 0 or left >= MIN_PICTURES


def test_a_late_row_changes_no_bin_that_was_told(tmp_path: Path) -> None:
    writer = archiver(tmp_path)
    in_time = [counted(number, 5, at_ms=END_MS - 1 - number * 60_000) for number in range(4)]
    writer.commit(in_time, now_ms=END_MS + 1000)
    asked = AskedZones(from_ms=END_MS - GRID_MS, to_ms=END_MS, bin_ms=GRID_MS)
    told_ms = END_MS + GRID_MS
    first = zones(query(tmp_path), asked, now_ms=told_ms)
    assert first["street", "cam-1"][0].pictures == 4
    writer.commit([counted(90, 19, at_ms=END_MS - 500)], now_ms=told_ms + 1000)
    for now_ms in (told_ms + 2000, told_ms + HOUR_MS, LATER_MS):
        assert zones(query(tmp_path), asked, now_ms=now_ms) == first


def test_late_rows_are_told_three_at_a_time_once_their_hour_is_over(tmp_path: Path) -> None:
    writer = archiver(tmp_path)
    writer.commit([counted(number, 5, at_ms=END_MS - 1 - number * 60_000) for number in range(4)], now_ms=END_MS)
    asked = AskedZones(from_ms=END_MS - GRID_MS, to_ms=END_MS, bin_ms=GRID_MS)
    came_ms = (END_MS // HOUR_MS + 2) * HOUR_MS
    told = []
    for number in range(3):
        writer.commit([counted(90 + number, 19, at_ms=END_MS - 500 - number)], now_ms=came_ms + number * 60_000)
        told.append(zones(query(tmp_path), asked, now_ms=came_ms + 30 * 60_000)["street", "cam-1"][0].pictures)
    told.append(zones(query(tmp_path), asked, now_ms=came_ms + HOUR_MS + SETTLE_MS - 1)["street", "cam-1"][0].pictures)
    told.append(zones(query(tmp_path), asked, now_ms=came_ms + HOUR_MS + SETTLE_MS)["street", "cam-1"][0].pictures)
    assert told == [4, 4, 4, 4, 7]


def test_a_bin_is_told_once_it_has_been_over_for_five_minutes(tmp_path: Path) -> None:
    writer = archiver(tmp_path)
    for minute in reversed(range(20)):
        writer.commit([counted(minute, 1, at_ms=END_MS - 1 - minute * 60_000)], now_ms=END_MS - minute * 60_000)
    read = query(tmp_path)
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
    rows = [counted(number, number, at_ms=midnight_ms + (number - 3) * 60_000) for number in range(6)]
    archiver(tmp_path).commit(rows, now_ms=NOW_MS)
    read = query(tmp_path)
    assert len(read.days()) == 2
    asked = AskedZones(from_ms=midnight_ms - GRID_MS, to_ms=midnight_ms + GRID_MS, bin_ms=2 * GRID_MS)
    (found,) = zones(read, asked)["street", "cam-1"]
    assert (found.pictures, found.mean, found.most) == (6, 2.5, 5)


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
