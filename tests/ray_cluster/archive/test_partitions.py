"""Several writers share an archive: each row has one writer whatever happens, and readers see one archive."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.archive import Observation
from provisioning.contracts.query.lookalike import LookalikeRequest, MachineRef
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.query.standing import StandingCase, StandingRequest
from provisioning.contracts.query.zone_counts import ZoneSpan
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.hold_store import Hold
from ray_cluster.archive.partitions.division import FILE, Partitions
from ray_cluster.archive.partitions.writers import open_writer
from ray_cluster.errors import (
    ArchiveInUse,
    ArchiveUnreadable,
    BadRequest,
    Fenced,
    Misplaced,
    PictureErased,
    StartFailed,
    UnknownHold,
)
from ray_cluster.maintenance.backup import back_up, restore
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from ray_cluster.maintenance.row_export import RowExport, RowRequest
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.reader import Query
from tests.ray_cluster.world import (
    BIKE,
    CAR,
    DAY_MS,
    NOW_MS,
    OFFSET_MINUTES,
    RETENTION_DAYS,
    archiver,
    entry,
    look,
    lookalike,
    query,
)
from tests.support.steady import together

AGENTS = ("north", "east", "south", "west", "centre")


def writer(directory: Path, number: int = 0, *, writers: int = 2) -> Archiver:
    return open_writer(
        directory,
        number,
        writers=writers,
        retention_days=RETENTION_DAYS,
        offset_minutes=OFFSET_MINUTES,
        now=together(NOW_MS),
        patience_s=0,
    )


def both(directory: Path) -> list[Archiver]:
    return [writer(directory, number) for number in range(2)]


def commit(directory: Path, writers: list[Archiver], entries: list[Entry]) -> None:
    division = Partitions(directory).assign(each.snapshot.agent_id for each in entries)
    for number, each in enumerate(writers):
        each.commit([one for one in entries if division.agents[one.snapshot.agent_id] == number], now_ms=NOW_MS)


def traffic() -> list[Entry]:
    """Of five agents, two of which use one camera's id; two days, machines with vectors, some times not trusted."""
    return [
        entry(
            number,
            agent=AGENTS[number % 5],
            camera=f"cam-{number % 3}",
            machines=(CAR, BIKE)[: number % 3],
            appearances=tuple(look(10 * number + index, near=number % 4) for index in range(number % 3)),
            at_ms=NOW_MS + DAY_MS if number % 17 == 0 else NOW_MS - number % 2 * DAY_MS - number * 10_000,
        )
        for number in range(60)
    ]


# --- a message has one writer -------------------------------------------------------------------------------------


class Sender:
    """One intake: it asks for an agent's place once, and sends a message to that writer until it is told *archived*."""

    def __init__(self, directory: Path) -> None:
        self._partitions = Partitions(directory)
        self._places: dict[str, int] = {}

    def send(self, message: Entry, writers: list[Archiver]) -> None:
        agent = message.snapshot.agent_id
        if agent not in self._places:
            self._places[agent] = self._partitions.assign([agent]).agents.get(agent, 0)
        writers[self._places[agent]].commit([message], now_ms=NOW_MS)


MESSAGES = st.tuples(st.sampled_from(AGENTS), st.integers(0, 3), st.integers(0, 1))
"""Agent, number of its message, and which of two intakes gets it."""


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(
    before=st.lists(MESSAGES, max_size=4), between=st.lists(MESSAGES, max_size=6), after=st.lists(MESSAGES, max_size=6)
)
def test_no_message_is_archived_twice_however_often_it_comes_and_whenever_writers_are_added(
    tmp_path: Path,
    before: list[tuple[str, int, int]],
    between: list[tuple[str, int, int]],
    after: list[tuple[str, int, int]],
) -> None:
    directory = tmp_path / "archive"
    shutil.rmtree(directory, ignore_errors=True)
    sent: set[str] = set()
    for writers, messages in ((1, before), (2, between), (3, after)):
        senders = [Sender(directory), Sender(directory)]
        opened = [writer(directory, number, writers=writers) for number in range(writers)]
        for agent, number, intake in messages:
            message = entry(number, agent=agent)
            senders[intake].send(message, opened)
            sent.add(message.row_key)
        status = query(directory).status()
        assert (status.rows, status.distinct_ids) == (len(sent), len(sent))
    assert {query(directory).observation(key).snapshot.row_key for key in sent} == sent


def test_agents_stay_where_their_rows_are_and_new_ones_go_where_the_fewest_are(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1, agent="north"), entry(2, agent="east")], now_ms=NOW_MS)
    both(tmp_path)
    assert Partitions(tmp_path).division().agents == {"north": 0, "east": 0}
    assert Partitions(tmp_path).assign(["west", "south", "centre"]).agents == {
        "north": 0, "east": 0, "centre": 1, "south": 1, "west": 0,
    }  # fmt: skip


def test_an_archive_of_one_writer_is_as_it_was(tmp_path: Path) -> None:
    writer(tmp_path, writers=1).commit([entry(1)], now_ms=NOW_MS)
    assert not any(path.name.startswith("partitions") for path in tmp_path.iterdir())


# --- readers see one archive --------------------------------------------------------------------------------------


def pages(read: Query, wanted: Filter, limit: int = 7) -> list[str]:
    found: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = read.observations(wanted, limit=limit, cursor=cursor)
        found += [item.snapshot.row_key for item in page.items]
        if page.next_cursor is None:
            return found
        cursor = Cursor.parse(page.next_cursor)


def plain(found: Observation) -> dict[str, Any]:
    """Without what a writer decides: its numbers, and its packs."""
    return found.model_dump(exclude={"snapshot": {"commit_seq", "place"}})


def answers(directory: Path) -> dict[str, Any]:
    """What a reader is told, whatever it asks."""
    read, like = query(directory), lookalike(directory)
    entries = traffic()
    everything = Filter(0, NOW_MS + 2 * DAY_MS)
    span = ZoneSpan(from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS, bin_ms=3_600_000)
    sought = MachineRef(row_key=entries[2].row_key, index=0)
    request = LookalikeRequest(
        case="A-1", purpose="theft", asked_by="wang", from_ms=NOW_MS - 2 * DAY_MS, to_ms=NOW_MS,
        sources=tuple(f"{agent}/cam-{camera}" for agent in AGENTS for camera in range(3)), machines=(sought,), limit=9,
    )  # fmt: skip
    standing = StandingRequest(
        cases=(
            StandingCase(
                case="A-1", machines=(sought,), classes=tuple(MachineClass), at_least=0.5, rows=tuple(range(20))
            ),
        ),
        row_keys=tuple(each.row_key for each in entries[20:40]),
    )
    status = read.status()
    last = list(like.search(request))[-1]
    return {
        "pages": pages(read, everything),
        "of a camera": pages(read, Filter(0, NOW_MS, ("cam-1",)), 3),
        "of machines": pages(read, Filter(0, NOW_MS, wanted=Wanted(min_side_px=5)), 4),
        "of a day": [
            item.snapshot.row_key for item in read.observations(everything, limit=500, only_day="20261123").items
        ],
        "rows": [plain(read.observation(each.row_key)) for each in entries],
        "pictures": [read.picture(each.row_key) for each in entries[:5]],
        "count": read.count(everything),
        "counts": read.counts(Filter(NOW_MS - 2 * DAY_MS, NOW_MS), 3_600_000),
        "zones": read.zones(span, Filter(span.from_ms, span.to_ms), now_ms=NOW_MS + DAY_MS),
        "plan": [(day.day, day.rows, day.matching) for day in read.plan(everything).days],
        "status": (status.days, status.rows, status.distinct_ids, status.objects, status.leaks),
        "growth": read.growth(),
        "days": read.days(),
        "look-alikes": [(hit.machine.object_key, round(hit.similarity, 5)) for hit in last.hits],
        "standing": {(hit.machine, round(hit.similarity, 5)) for hit in like.standing.compare(standing).hits},
    }


def test_every_answer_is_that_of_an_archive_of_one_writer(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    archiver(one).commit(traffic(), now_ms=NOW_MS)
    commit(two, both(two), traffic())
    assert set(Counter(Partitions(two).division().agents.values())) == {0, 1}
    expected, found = answers(one), answers(two)
    for what, answer in expected.items():
        assert found[what] == answer, what
    assert len(found["look-alikes"]) == 9
    assert found["standing"]


def test_commits_are_read_by_partition_and_none_is_missed(tmp_path: Path) -> None:
    commit(tmp_path, both(tmp_path), traffic())
    read, found = query(tmp_path), list[str]()
    for number in range(read.commits(after=0, limit=1).partitions):
        after = 0
        while (page := read.commits(after=after, limit=8, partition=number)).items:
            found += [item.snapshot.row_key for item in page.items]
            after = page.last_commit_seq
    assert sorted(found) == sorted(each.row_key for each in traffic())
    with pytest.raises(BadRequest, match="has 2"):
        read.commits(after=0, limit=1, partition=2)


# --- what walks the archive ---------------------------------------------------------------------------------------


def test_holds_erasures_exports_and_backups_reach_every_partition(tmp_path: Path) -> None:
    live, target = tmp_path / "live", tmp_path / "backup"
    commit(live, both(live), traffic())
    of = {Partitions(live).of(each.row_key): each for each in traffic()[1:]}
    holds = Holds(live, offset_minutes=OFFSET_MINUTES)
    by_row = Hold(
        name="rows", case="A-1", placed_at_ms=NOW_MS, until_ms=NOW_MS + DAY_MS,
        row_keys=tuple(each.row_key for each in of.values()),
    )  # fmt: skip
    by_span = by_row.model_copy(
        update={"name": "span", "row_keys": (), "camera_ids": ("cam-1",), "from_ms": NOW_MS - DAY_MS, "to_ms": NOW_MS}
    )
    assert set(holds.place(by_row).row_keys) == set(by_row.row_keys)
    assert holds.place(by_row) == holds.place(by_row)
    holds.place(by_span)
    with pytest.raises(BadRequest, match="choose a name"):
        holds.place(by_row.model_copy(update={"row_keys": (of[0].row_key,)}))
    assert [each.name for each in holds.all()] == ["rows", "span"]
    assert holds.copied("rows") == 2
    spanned = Filter(by_span.from_ms, by_span.to_ms, ("cam-1",))
    assert holds.copied("span") == query(live).count(spanned) > 2

    report = RowExport(live, offset_minutes=OFFSET_MINUTES).write(
        RowRequest(case="A-1", purpose="study", from_ms=0, to_ms=NOW_MS + 2 * DAY_MS), tmp_path / "out", audit=print
    )
    assert (report.observations, report.machines) == (60, query(live).status().objects)

    erase(live, of[0].row_key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    erase(live, of[1].row_key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    anew = tmp_path / "anew"
    assert restore(target, anew, offset_minutes=OFFSET_MINUTES, erasures=live).erased == 2
    assert answers_without_pictures(anew) == answers_without_pictures(live)
    for each in of.values():
        with pytest.raises(PictureErased):
            query(anew).picture(each.row_key)
    both(anew)

    holds.release("rows")
    with pytest.raises(UnknownHold):
        holds.release("rows")
    assert [each.name for each in holds.all()] == ["span"]


def answers_without_pictures(directory: Path) -> dict[str, Any]:
    found = query(directory)
    return {"pages": pages(found, Filter()), "rows": [found.observation(each.row_key) for each in traffic()]}


def test_a_partition_that_comes_later_has_the_holds_of_spans(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    Holds(tmp_path, offset_minutes=OFFSET_MINUTES).place(
        Hold(
            name="span", case="A-1", placed_at_ms=NOW_MS - 9 * DAY_MS, until_ms=NOW_MS + DAY_MS, camera_ids=("cam-1",),
            from_ms=NOW_MS - DAY_MS, to_ms=NOW_MS,
        )
    )  # fmt: skip
    writers = both(tmp_path)
    assert writers[1].retention_stopped == ""
    commit(tmp_path, writers, [entry(2, agent="late")])
    assert [each.name for each in query(tmp_path).holds(entry(2, agent="late").row_key).holds] == ["span"]


# --- bad cases ----------------------------------------------------------------------------------------------------


def test_a_second_archiver_of_a_partition_fences_the_first_and_the_other_goes_on(tmp_path: Path) -> None:
    writers = both(tmp_path)
    commit(tmp_path, writers, [entry(1, agent="north"), entry(2, agent="east")])
    successor = writer(tmp_path, 1)
    with pytest.raises(Fenced):
        commit(tmp_path, writers, [entry(3, agent="east"), entry(4, agent="north")])
    assert [query(tmp_path).count(Filter(sources=((agent, "cam-1"),))) for agent in ("north", "east")] == [1, 2]
    commit(tmp_path, [writers[0], successor], [entry(3, agent="east"), entry(4, agent="north")])
    assert query(tmp_path).status().rows == 4


def test_rows_of_another_writers_agent_are_refused_by_name(tmp_path: Path) -> None:
    writers = both(tmp_path)
    Partitions(tmp_path).assign(["north", "west"])
    with pytest.raises(Misplaced, match="west"):
        writers[0].commit([entry(1, agent="north"), entry(2, agent="west")], now_ms=NOW_MS)
    with pytest.raises(Misplaced, match="nobody"):
        writers[1].commit([entry(1, agent="nobody")], now_ms=NOW_MS)
    assert query(tmp_path).status().rows == 0


def test_a_reader_that_was_opened_before_sees_what_the_new_writer_archives(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1, agent="north")], now_ms=NOW_MS)
    read = query(tmp_path)
    assert read.status().rows == 1
    commit(tmp_path, both(tmp_path), [entry(2, agent="east"), entry(1, agent="north")])
    assert read.status().rows == 2
    assert read.observation(entry(2, agent="east").row_key).snapshot.agent_id == "east"


def test_a_damaged_or_missing_description_is_named_and_made_anew_from_the_rows(tmp_path: Path) -> None:
    commit(tmp_path, both(tmp_path), traffic())
    before = Partitions(tmp_path).division()
    content = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(content[: len(content) // 2])
    with pytest.raises(ArchiveUnreadable, match=r"partitions\.json: is no division"):
        query(tmp_path).status()
    (tmp_path / FILE).unlink()
    with pytest.raises(ArchiveUnreadable, match=r"partitions\.json: missing"):
        query(tmp_path).status()
    writer(tmp_path)
    assert Partitions(tmp_path).division().agents == before.agents
    assert query(tmp_path).status().rows == 60


def test_fewer_writers_than_partitions_are_refused_and_a_second_one_waits_for_the_first(tmp_path: Path) -> None:
    with pytest.raises(ArchiveInUse, match="start the writer of partition 0"):
        writer(tmp_path, 1)
    both(tmp_path)
    with pytest.raises(StartFailed, match="archive_writers to 2"):
        writer(tmp_path, writers=1)
    assert json.loads((tmp_path / FILE).read_text())["writers"] == 2
