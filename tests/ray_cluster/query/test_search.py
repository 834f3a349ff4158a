"""Searching for machines over a real archive: what is found is what a reader of all rows would find."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from provisioning.contracts.query.archive import MachineColour, ObservationPage
from provisioning.contracts.query.search import MachineCounts, SearchPlan, Wanted
from provisioning.contracts.wire.messages import Box, Machine, MachineClass, Motion, Quality
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.entry_rows import motions
from ray_cluster.archive.lance_tables import connect
from ray_cluster.errors import BadRequest
from ray_cluster.query import machine_search, sql
from ray_cluster.query.filters import MAX_TIME_MS, Cursor, Filter
from ray_cluster.query.params import Asked, AskedPage
from ray_cluster.query.reader import Query
from tests.ray_cluster.query.test_reader import Http, intake_is_well
from tests.ray_cluster.world import DAY_MS, NOW_MS, archiver, entry, look, query, snapshot, upkeep

COLOURS = (MachineColour.RED, MachineColour.BLUE, None)
CLASSES = (MachineClass.CAR, MachineClass.BUS, MachineClass.BICYCLE)
HEADINGS = (0.0, 90.0, 350.0, None)
ZONES: tuple[dict[str, float], ...] = ({}, {"bay": 1.0}, {"it's": 2.0}, {"bay": 3.0, "kerb": 1.0})
COUNT = 90
WIDTH, HEIGHT = 64, 48


def _machine(seed: int) -> tuple[Machine, MachineColour | None]:
    side = 4 + seed % 5 * 4
    x0 = seed % 40
    box = Box(x0=x0, y0=1, x1=x0 + side, y1=1 + side * 2)
    motion = None if seed % 7 == 0 else Motion(heading_deg=HEADINGS[seed % 4], dwell_s=2.0, zones=ZONES[seed // 2 % 4])
    return Machine(cls=CLASSES[seed % 3], score=0.5, box=box, motion=motion), COLOURS[seed // 3 % 3]


def _entry(number: int) -> Entry:
    """Three days, two agents with cameras of the same ids, none to three machines; the motion comes from the edge."""
    at_ms = NOW_MS - number % 3 * DAY_MS - number // 6 * 600_000 - number % 2
    made = [_machine(number * 5 + each) for each in range(number % 4)]
    machines = [machine.model_copy(update={"motion": None}) for machine, _ in made]
    agent = f"street-{number % 2}"
    plain = entry(
        number,
        at_ms=at_ms,
        agent=agent,
        camera=f"cam-{number % 3}",
        machines=machines,
        received_at_ms=NOW_MS,
        appearances=[look(number * 5 + each, colour=colour) for each, (_, colour) in enumerate(made)],
    )
    quality = Quality(sharpness=number % 10 / 10, brightness=number % 4 / 4, contrast=0.5)
    envelope = snapshot(
        number,
        agent=agent,
        camera=f"cam-{number % 3}",
        at_ms=at_ms,
        picture=plain.jpeg,
        machines=[machine for machine, _ in made],
    ).model_copy(update={"quality": quality})
    return Entry(
        envelope,
        plain.message_sha256,
        plain.received_at_ms,
        plain.picture,
        plain.jpeg,
        plain.machines,
        plain.appearances,
    )


ENTRIES = [_entry(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half of it has been through upkeep, and so has indexes; the rest is read as it was written."""
    place = tmp_path_factory.mktemp("archive")
    writer = archiver(place)
    for start in range(0, COUNT // 2, 6):
        writer.commit(ENTRIES[start : start + 6], now_ms=NOW_MS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ray_cluster.maintenance.upkeep.SMALL_FRAGMENTS", 1)
        assert upkeep(place).run_once(now_ms=NOW_MS).faults == ()
    writer.commit(ENTRIES[COUNT // 2 :], now_ms=NOW_MS)
    return place


@pytest.fixture(scope="module")
def read(directory: Path) -> Query:
    return query(directory)


def _fits(each: Entry, index: int, wanted: Wanted) -> bool:
    """Whether one machine is as wanted, told from what was put in."""
    machine = each.machines[index]
    motion = motions(each.machines, each.snapshot.followed)[index]
    heading = None if motion is None else motion.heading_deg
    colour = each.appearances[index].colour
    width, height = machine.box.x1 - machine.box.x0, machine.box.y1 - machine.box.y0
    share = width * height / (WIDTH * HEIGHT)
    turned = None if heading is None or wanted.heading_deg is None else abs(heading - wanted.heading_deg) % 360
    return (
        (not wanted.cls or machine.cls in wanted.cls)
        and (not wanted.colour or colour in wanted.colour)
        and (wanted.min_side_px is None or min(width, height) >= wanted.min_side_px)
        and (wanted.max_side_px is None or min(width, height) <= wanted.max_side_px)
        and (wanted.min_share is None or share >= wanted.min_share)
        and (wanted.max_share is None or share <= wanted.max_share)
        and (
            wanted.heading_deg is None
            or (turned is not None and min(turned, 360 - turned) <= wanted.heading_within_deg)
        )
        and (not wanted.zone or (motion is not None and bool(set(motion.zones) & set(wanted.zone))))
    )


def _picture_fits(each: Entry, wanted: Wanted) -> bool:
    quality = each.snapshot.quality
    return (
        (wanted.sharpness_below is None or quality.sharpness < wanted.sharpness_below)
        and (wanted.brightness_above is None or quality.brightness > wanted.brightness_above)
        and (not wanted.low_quality or quality.sharpness < 0.25 or quality.brightness < 0.2 or quality.contrast < 0.15)
    )


def _in_span(each: Entry, wanted: Filter) -> bool:
    return (
        wanted.from_ms <= each.snapshot.captured_at_ms < wanted.to_ms
        and (not wanted.camera_ids or each.snapshot.camera_id in wanted.camera_ids)
        and (not wanted.sources or (each.snapshot.agent_id, each.snapshot.camera_id) in wanted.sources)
        and _picture_fits(each, wanted.wanted)
    )


def expected(wanted: Filter) -> list[str]:
    machine = wanted.wanted.of_machine or wanted.wanted.cls
    found = [
        each
        for each in ENTRIES
        if _in_span(each, wanted)
        and (not machine or any(_fits(each, index, wanted.wanted) for index in range(len(each.machines))))
    ]
    return [each.row_key for each in sorted(found, key=lambda e: (e.snapshot.captured_at_ms, e.row_key), reverse=True)]


def all_pages(read: Query, wanted: Filter, limit: int) -> list[str]:
    keys: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = read.observations(wanted, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        keys += [item.snapshot.row_key for item in page.items]
        if page.next_cursor is None:
            return keys
        cursor = Cursor.parse(page.next_cursor)


def _optional(values: st.SearchStrategy[float]) -> st.SearchStrategy[float | None]:
    return st.none() | values


WANTED = st.builds(
    Wanted,
    cls=st.sets(st.sampled_from(CLASSES), max_size=2).map(tuple),
    colour=st.sets(st.sampled_from([MachineColour.RED, MachineColour.BLUE, MachineColour.PINK]), max_size=2).map(tuple),
    min_side_px=st.none() | st.sampled_from([1, 8, 9]),
    max_side_px=st.none() | st.sampled_from([12, 15, 20]),
    min_share=_optional(st.sampled_from([0.0, 0.04])),
    max_share=_optional(st.sampled_from([0.1, 1.0])),
    heading_deg=_optional(st.sampled_from([0.0, 45.0, 90.0, 355.0])),
    heading_within_deg=st.sampled_from([5.0, 45.0, 180.0]),
    zone=st.sets(st.sampled_from(["bay", "it's", "kerb", "nowhere"]), max_size=2).map(tuple),
    sharpness_below=_optional(st.sampled_from([0.35, 0.75])),
    brightness_above=_optional(st.sampled_from([0.1, 0.6])),
    low_quality=st.booleans(),
)
FILTERS = st.builds(
    Filter,
    st.sampled_from([0, NOW_MS - DAY_MS, NOW_MS - 3 * 3_600_000]),
    st.sampled_from([NOW_MS - 3_600_000, NOW_MS + 1, MAX_TIME_MS]),
    st.sets(st.sampled_from(["cam-0", "cam-1"]), max_size=2).map(tuple),
    st.sets(st.tuples(st.sampled_from(["street-0", "street-1"]), st.sampled_from(["cam-0", "cam-2"])), max_size=2).map(
        tuple
    ),
    WANTED,
)


@settings(max_examples=40)
@given(wanted=FILTERS, limit=st.sampled_from([4, 7, 40]))
def test_pages_put_together_are_the_machines_that_fit(read: Query, wanted: Filter, limit: int) -> None:
    assert all_pages(read, wanted, limit) == expected(wanted)


def test_a_red_bus_is_not_a_red_car_beside_a_blue_bus(tmp_path: Path) -> None:
    box = Box(x0=1, y0=1, x1=20, y1=20)
    both = [Machine(cls=cls, score=0.5, box=box) for cls in (MachineClass.CAR, MachineClass.BUS)]
    looks = [look(1, colour=MachineColour.RED), look(2, colour=MachineColour.BLUE)]
    archiver(tmp_path).commit([entry(1, machines=both, appearances=looks)], now_ms=NOW_MS)
    read = query(tmp_path)
    for cls, colour, found in (
        (MachineClass.BUS, "red", 0),
        (MachineClass.BUS, "blue", 1),
        (MachineClass.CAR, "red", 1),
    ):
        wanted = Filter(wanted=Wanted(cls=(cls,), colour=(MachineColour(colour),)))
        assert len(read.observations(wanted, limit=5).items) == found


def test_a_page_that_looked_at_too_much_is_short_and_goes_on(read: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_search, "MAX_LOOKED", 5)
    monkeypatch.setattr(machine_search, "_MIN_BATCH", 5)
    wanted = Filter(wanted=Wanted(min_side_px=1, sharpness_below=0.05))
    page = read.observations(wanted, limit=1)
    assert page.next_cursor is not None
    assert all_pages(read, wanted, 1) == expected(wanted)


@settings(max_examples=25)
@given(wanted=WANTED, hours=st.sampled_from([1, 5, 24]))
def test_counts_are_those_of_a_reader_of_all_rows(read: Query, wanted: Wanted, hours: int) -> None:
    span = Filter(from_ms=NOW_MS - 3 * DAY_MS, to_ms=NOW_MS + 1, wanted=wanted)
    bin_ms = hours * 3_600_000
    counts = read.counts(span, bin_ms)
    fitting = [
        (each, machine)
        for each in ENTRIES
        if _in_span(each, span)
        for index, machine in enumerate(each.machines)
        if _fits(each, index, wanted)
    ]
    assert counts.machines == len(fitting)
    assert (counts.days_left_out, counts.days_without) == ((), ())
    bins = Counter(((each.snapshot.captured_at_ms - span.from_ms) // bin_ms, m.cls) for each, m in fitting)
    assert {
        ((b.from_ms - span.from_ms) // bin_ms, cls): n for b in counts.bins for cls, n in b.machines.items()
    } == bins
    cameras = Counter((each.snapshot.agent_id, each.snapshot.camera_id, m.cls) for each, m in fitting)
    assert {(c.agent_id, c.camera_id, cls): n for c in counts.cameras for cls, n in c.machines.items()} == cameras
    assert sum(n for hour in counts.week for n in hour.machines.values()) == len(fitting)


def test_an_hour_of_the_week_is_told_by_the_archives_clock(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1, at_ms=NOW_MS)], now_ms=NOW_MS)
    week = query(tmp_path).counts(Filter(from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS + 1), DAY_MS).week
    assert [(each.weekday, each.hour) for each in week] == [(1, 20)]  # a Tuesday, 20:00 at +08:00


def test_a_span_without_end_or_with_too_many_bins_is_not_counted(read: Query) -> None:
    for wanted, bin_ms in ((Filter(), 366 * DAY_MS), (Filter(from_ms=0, to_ms=NOW_MS), 60_000)):
        with pytest.raises(BadRequest, match="bins"):
            read.counts(wanted, bin_ms)


def test_days_beyond_what_one_question_may_read_are_named(read: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.query.counting.MAX_ROWS", 50)
    beside_kept_ones_ms = NOW_MS - 3 * DAY_MS - 1
    counts = read.counts(Filter(from_ms=beside_kept_ones_ms, to_ms=NOW_MS + 1), DAY_MS)
    assert counts.days_left_out == ("20261123", "20261122")
    assert 0 < counts.machines <= 50


def test_a_plan_names_table_and_indexes(read: Query) -> None:
    of_machines = read.plan(Filter(wanted=Wanted(colour=(MachineColour.RED,))))
    assert [day.day for day in of_machines.days] == ["20261124", "20261123", "20261122"]
    assert all(day.table == "objects" and 0 < day.matching < day.rows for day in of_machines.days)
    assert all({"colour", "captured_at_ms"} <= set(day.indexes) for day in of_machines.days)
    of_pictures = read.plan(Filter(wanted=Wanted(sharpness_below=0.3)))
    assert {(day.table, day.indexes) for day in of_pictures.days} == {("snapshots", ("filed_at_ms",))}
    assert of_pictures.exact


def test_a_day_that_does_not_keep_what_is_asked_is_named(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    read = query(tmp_path)
    connect(tmp_path).open_table("objects_20261124").drop_columns(["heading_deg", "zones", "share"])
    span = Filter(from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS + 1, wanted=Wanted(heading_deg=0))
    assert read.observations(span, limit=3).items == ()
    assert read.plan(span).days_without == ("20261124",)
    assert read.counts(span, DAY_MS).days_without == ("20261124",)
    sized = Filter(wanted=Wanted(min_side_px=2))
    assert len(read.observations(sized, limit=3).items) == 1


@settings(max_examples=200)
@given(zone=st.text(min_size=1, max_size=20))
def test_a_zones_name_stays_a_text_whatever_is_in_it(zone: str) -> None:
    try:
        wanted = Wanted(zone=(zone,))
    except ValidationError:
        return
    (condition,) = sql.of_machine(wanted)
    inside = condition.removeprefix("array_has_any(zones, ['").removesuffix("'])")
    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == zone


def test_a_hostile_zone_finds_nothing_and_breaks_nothing(read: Query) -> None:
    for zone in ("'; DROP TABLE objects; --", "<script>alert(1)</script>", "'] OR true --", "../../etc", "=1+1", "\\'"):
        assert read.observations(Filter(wanted=Wanted(zone=(zone,))), limit=3).items == ()


@settings(max_examples=100)
@given(
    field=st.sampled_from(sorted(AskedPage.model_fields)),
    value=st.text(max_size=30) | st.sampled_from(["nan", "inf", "-1", "1e400", "\x00", "%00", "../", "2145916800000"]),
)
def test_whatever_is_written_in_an_address_is_a_question_or_refused(field: str, value: str) -> None:
    many = AskedPage.model_fields[field].default == ()
    try:
        asked = AskedPage.model_validate({field: [value] if many else value})
        asked.filter().conditions(asked.after())
    except (ValidationError, BadRequest):
        return


@pytest.mark.parametrize(
    "params",
    [
        {"colour": "beige"},
        {"cls": "person"},
        {"people": "1"},
        {"min_side_px": 9, "max_side_px": 3},
        {"heading_deg": 360},
        {"min_share": "nan"},
        {"zone": "a\x00b"},
        {"bin_ms": 1},
        {"from_ms": -1},
        {"to_ms": MAX_TIME_MS + 1},
    ],
    ids="-".join,
)
def test_http_refuses_what_cannot_be_asked(read: Query, params: dict[str, str | int]) -> None:
    http = Http(read, intake_is_well)
    for path in ("/observations", "/plan", "/counts"):
        assert (
            http.get(path, params={"bin_ms": 3_600_000, "to_ms": NOW_MS, "from_ms": NOW_MS - 1} | params).status_code
            == 422
        )


def test_http_page_counts_and_plan(read: Query) -> None:
    http = Http(read, intake_is_well)
    asked = {"colour": ["red", "blue"], "min_side_px": 8, "from_ms": NOW_MS - 3 * DAY_MS, "to_ms": NOW_MS + 1}
    page = ObservationPage.model_validate_json(http.get("/observations", params=asked | {"limit": 4}).content)
    wanted = Filter(
        NOW_MS - 3 * DAY_MS,
        NOW_MS + 1,
        wanted=Wanted(colour=(MachineColour.RED, MachineColour.BLUE), min_side_px=8),
    )
    assert [item.snapshot.row_key for item in page.items] == expected(wanted)[:4]
    counts = MachineCounts.model_validate_json(http.get("/counts", params=asked | {"bin_ms": DAY_MS}).content)
    assert counts == read.counts(wanted, DAY_MS)
    assert SearchPlan.model_validate_json(http.get("/plan", params=asked).content) == read.plan(wanted)
    assert Http(read, intake_is_well, token="wrong").get("/counts", params=asked).status_code == 401


def test_a_clock_of_1970_or_2038_is_no_machine_of_that_year(tmp_path: Path) -> None:
    """Such a row is filed under its receipt: a span finds it there, and a search for machines finds it nowhere."""
    late_ms = 2_147_483_648_000
    writer = archiver(tmp_path)
    writer.commit([entry(1, at_ms=1000), entry(2, at_ms=late_ms), entry(3, at_ms=NOW_MS)], now_ms=NOW_MS)
    read = query(tmp_path)
    assert len(read.observations(Filter(from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS + 1), limit=9).items) == 3
    sized = Wanted(min_side_px=1)
    assert [i.snapshot.source_key for i in read.observations(Filter(wanted=sized), limit=9).items] == ["n3"]
    for at_ms in (0, late_ms):
        assert read.observations(Filter(from_ms=at_ms, to_ms=at_ms + DAY_MS), limit=9).items == ()
        assert read.counts(Filter(from_ms=at_ms, to_ms=at_ms + DAY_MS), DAY_MS).machines == 0


def test_one_followed_machine_gives_its_motion_to_one_of_its_kind() -> None:
    def at(x0: int, cls: MachineClass = MachineClass.CAR, heading: float | None = None) -> Machine:
        motion = None if heading is None else Motion(heading_deg=heading, dwell_s=1.0)
        return Machine(cls=cls, score=0.5, box=Box(x0=x0, y0=0, x1=x0 + 10, y1=10), motion=motion)

    found = motions([at(0), at(1), at(100), at(50, MachineClass.BICYCLE)], [at(1, heading=90.0), at(50, heading=10.0)])
    assert [None if motion is None else motion.heading_deg for motion in found] == [None, 90.0, None, None]


def test_the_filters_of_a_search_name_no_person() -> None:
    words = " ".join((*Asked.model_fields, *MachineCounts.model_fields, *SearchPlan.model_fields))
    assert not any(word in words for word in ("people", "person", "face", "plate", "rider", "gender", "age_"))
