"""Pages, filters and HTTP answers over a real archive."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.detectors import ParsersStatus, ParserStatus
from provisioning.contracts.query.archive import (
    DEFAULT_DAY_OFFSET_MINUTES,
    ArchiveGrowth,
    ArchiveStatus,
    ClusterNode,
    ClusterNodes,
    CommitPage,
    IntakeStatus,
    Observation,
    ObservationPage,
    StorageStatus,
    UpkeepReport,
    UpkeepStatus,
)
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import MachineClass, PictureState
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.packs import Packs
from ray_cluster.archive.upkeep_status import STATUS_FILE
from ray_cluster.archive.windows import day_name
from ray_cluster.errors import BadRequest, Unavailable
from ray_cluster.query.filters import MAX_TIME_MS, Cursor, Filter
from ray_cluster.query.growth import Growth
from ray_cluster.query.reader import Query
from ray_cluster.query.routes import HEALTH_FRESH_S, AskIntake, AskNodes, AskParsers, create_app
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, archiver, entry, lookalike, query

AGENT = "street"

TOKEN = "a-token-for-tests"
INTAKE = IntakeStatus(
    broker_connected=True,
    received=1,
    archived=1,
    duplicates=0,
    leaks=0,
    rejected={},
    dropped={},
    in_flight=0,
    retries=0,
)


def entries() -> list[Entry]:
    """Three days, three cameras, equal times, and clocks that are wrong in both directions."""
    made = []
    for number in range(60):
        at_ms = NOW_MS - (number % 3) * DAY_MS - (number // 6) * 1000
        if number % 20 == 7:
            at_ms = NOW_MS + 9 * DAY_MS
        if number % 20 == 9:
            at_ms = 1000 + number
        machines = [(), (CAR,), (BIKE, CAR), (BIKE,)][number % 4]
        camera = f"cam-{number % 3}"
        made.append(entry(number, at_ms=at_ms, camera=camera, machines=machines, received_at_ms=NOW_MS + number))
    made.append(entry(900, picture=PictureState.LEAK))
    made.append(entry(901, picture=PictureState.WITHHELD))
    return made


class Http:
    """A client of the application, without a server between."""

    def __init__(
        self,
        read: Query,
        ask_intake: AskIntake,
        token: str | None = TOKEN,
        ask_parsers: AskParsers | None = None,
        ask_nodes: AskNodes | None = None,
        clock_s: Callable[[], float] | None = None,
    ) -> None:
        """Without a clock each look at it is so much later that nothing known is fresh."""
        self._app = create_app(
            read,
            FakeStages(),
            lookalike(read.directory),
            token=TOKEN,
            ask_intake=ask_intake,
            ask_parsers=ask_parsers,
            ask_nodes=ask_nodes,
            clock_s=clock_s or itertools.count(0.0, HEALTH_FRESH_S).__next__,
        )
        self._headers: dict[str, str | bytes] = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(
        self, path: str, params: dict[str, Any] | None = None, headers: dict[str, bytes] | None = None
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://query") as client:
                sent: Any = self._headers if headers is None else headers
                return await client.get(path, params=params, headers=sent)

        return asyncio.run(ask())


async def intake_is_well() -> IntakeStatus:
    return INTAKE


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("archive")
    writer = archiver(place)
    everything = entries()
    for start in range(0, len(everything), 7):
        writer.commit(everything[start : start + 7], now_ms=NOW_MS)
    return place


@pytest.fixture(scope="module")
def read(directory: Path) -> Query:
    return query(directory)


@pytest.fixture(scope="module")
def client(read: Query) -> Http:
    return Http(read, intake_is_well)


def filed_ms(given_entry: Entry) -> int:
    captured_at_ms = given_entry.snapshot.captured_at_ms
    wrong = captured_at_ms > given_entry.received_at_ms + 300_000 or captured_at_ms < NOW_MS - 30 * DAY_MS
    return given_entry.received_at_ms if wrong else captured_at_ms


def expected(wanted: Filter) -> list[str]:
    rows = [
        (filed_ms(each), each.row_key)
        for each in entries()
        if wanted.from_ms <= filed_ms(each) < wanted.to_ms
        and (not wanted.camera_ids or each.snapshot.camera_id in wanted.camera_ids)
        and (not wanted.sources or (each.snapshot.agent_id, each.snapshot.camera_id) in wanted.sources)
        and (not wanted.wanted.cls or {machine.cls for machine in each.machines} & set(wanted.wanted.cls))
    ]
    return [key for _, key in sorted(rows, reverse=True)]


TIMES = st.sampled_from(sorted({0, MAX_TIME_MS, *(filed_ms(each) + more for each in entries() for more in (0, 1))}))


@settings(max_examples=25)
@given(
    span=st.tuples(TIMES, TIMES).map(sorted),
    cameras=st.sets(st.sampled_from(["cam-0", "cam-1", "cam-2", "nobody"]), max_size=3),
    sources=st.sets(st.tuples(st.sampled_from([AGENT, "other"]), st.sampled_from(["cam-0", "cam-1"])), max_size=3),
    classes=st.sets(st.sampled_from(list(MachineClass)), max_size=3),
    limit=st.integers(3, 70),
)
def test_pages_put_together_are_the_filtered_sorted_set(
    read: Query,
    span: list[int],
    cameras: set[str],
    sources: set[tuple[str, str]],
    classes: set[MachineClass],
    limit: int,
) -> None:
    wanted = Filter(span[0], span[1], tuple(cameras), tuple(sources), Wanted(cls=tuple(classes)))
    keys: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = read.observations(wanted, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        for item in page.items:
            given_machines = next(each.machines for each in entries() if each.row_key == item.snapshot.row_key)
            assert [machine.cls for machine in item.machines] == [machine.cls for machine in given_machines]
        keys += [item.snapshot.row_key for item in page.items]
        if page.next_cursor is None:
            break
        cursor = Cursor.parse(page.next_cursor)
    assert keys == expected(wanted)


@settings(max_examples=200)
@given(text=st.text(max_size=80) | st.from_regex(r"[0-9]{1,13}~[a-z':;-]{1,60}", fullmatch=True))
def test_no_foreign_text_becomes_part_of_a_filter(text: str) -> None:
    for build in (
        lambda: Cursor.parse(text),
        lambda: Filter(camera_ids=(text,)),
        lambda: Filter(sources=((text, "cam-0"),)),
        lambda: Filter(sources=((AGENT, text),)),
    ):
        try:
            conditions = Filter().conditions(made) if isinstance(made := build(), Cursor) else made.conditions(None)
        except BadRequest:
            continue
        assert conditions.count("'") % 2 == 0
        assert not set(text) & set("'\"; \n()")


def test_an_archive_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    read = query(tmp_path / "nothing")
    assert read.observations(Filter(), limit=5) == ObservationPage(items=(), next_cursor=None)
    assert read.commits(after=7, limit=5) == CommitPage(items=(), last_commit_seq=7)
    assert read.upkeep() == UpkeepReport()
    assert read.status() == ArchiveStatus(days=(), rows=0, distinct_ids=0, objects=0, leaks=0, last_commit_seq=0)


def test_the_reader_sees_what_was_committed_after_it_opened(tmp_path: Path) -> None:
    read = query(tmp_path)
    writer = archiver(tmp_path)
    for number in range(3):
        writer.commit([entry(number)], now_ms=NOW_MS)
        assert read.status().rows == number + 1
        assert len(read.observations(Filter(), limit=10).items) == number + 1


def test_http_observations(client: Http) -> None:
    answer = client.get(
        "/observations", params={"camera_id": ["cam-0", "cam-1"], "cls": ["car"], "limit": 3, "from_ms": 1}
    )
    assert answer.status_code == 200
    page = ObservationPage.model_validate_json(answer.content)
    assert len(page.items) == 3
    following = client.get(
        "/observations",
        params={"camera_id": ["cam-0", "cam-1"], "cls": ["car"], "limit": 3, "cursor": page.next_cursor},
    )
    keys = [
        item.snapshot.row_key for item in (*page.items, *ObservationPage.model_validate_json(following.content).items)
    ]
    wanted = Filter(camera_ids=("cam-0", "cam-1"), wanted=Wanted(cls=(MachineClass.CAR,)))
    assert keys == expected(wanted)[:6]


def test_http_of_one_agents_camera_and_no_other_of_that_id(client: Http) -> None:
    answer = client.get("/observations", params={"source": [f"{AGENT}/cam-0", "other/cam-1"], "limit": 100})
    page = ObservationPage.model_validate_json(answer.content)
    assert [item.snapshot.row_key for item in page.items] == expected(Filter(sources=((AGENT, "cam-0"),)))
    none = client.get("/observations", params={"source": "other/cam-0"})
    assert ObservationPage.model_validate_json(none.content).items == ()
    for bad in ("cam-0", "/cam-0", f"{AGENT}/", f"{AGENT}/a/b", "a'b/cam-0"):
        assert client.get("/observations", params={"source": bad}).status_code == 422


def test_http_one_observation_and_its_picture(client: Http) -> None:
    each = entries()[5]
    answer = client.get(f"/observations/{each.row_key}")
    assert Observation.model_validate_json(answer.content).snapshot.source_key == "n5"
    picture = client.get(f"/observations/{each.row_key}/picture")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert picture.headers["cache-control"] == "no-store"
    assert picture.content == each.jpeg


def test_http_pictures_that_are_not_there_say_why(client: Http) -> None:
    leak, withheld = entries()[-2:]
    absent = f"street:{'0' * 32}"
    for row_key, code, kind in (
        (leak.row_key, 404, "picture_leak"),
        (withheld.row_key, 404, "picture_withheld"),
        (absent, 404, "unknown_observation"),
        ("street:' OR 1=1 --", 422, "bad_request"),
    ):
        answer = client.get(f"/observations/{row_key}/picture")
        assert (answer.status_code, answer.json()["error"]) == (code, kind)
        assert answer.json()["detail"]


def test_http_an_erased_and_a_damaged_picture(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1), entry(2)], now_ms=NOW_MS)
    read = query(tmp_path)
    erased = read.observation(entry(1).row_key).snapshot.place
    damaged = read.observation(entry(2).row_key).snapshot.place
    assert erased is not None
    assert damaged is not None
    Packs(tmp_path / "packs").erase(erased)
    pack = tmp_path / "packs" / damaged.pack
    pack.write_bytes(pack.read_bytes()[:-1] + b"x")
    client = Http(read, intake_is_well)
    answers = [client.get(f"/observations/{entry(n).row_key}/picture") for n in (1, 2)]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (410, "picture_erased"),
        (500, "picture_damaged"),
    ]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"from_ms": -1},
        {"from_ms": 5, "to_ms": 4},
        {"to_ms": MAX_TIME_MS + 1},
        {"cls": "person"},
        {"camera_id": "a' OR '1'='1"},
        {"camera_id": ""},
        {"cursor": "1~street"},
        {"cursor": "x"},
        {"limit": "many"},
    ],
)
def test_http_bad_parameters_get_one_clear_line(client: Http, params: dict[str, str | int]) -> None:
    answer = client.get("/observations", params=params)
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_request")
    assert answer.json()["detail"].startswith(
        {"from_ms": "from_ms", "cls": "", "limit": "limit"}.get(next(iter(params)), "")
    )


def test_http_tells_of_the_disk_under_the_archive_and_of_the_last_whole_day(client: Http, read: Query) -> None:
    disk = StorageStatus.model_validate_json(client.get("/storage").content)
    assert 0 < disk.free_bytes < disk.total_bytes
    assert disk.day == read.days()[-1]
    assert disk.day_bytes > 0


def test_http_growth_is_the_rows_of_each_day(client: Http, read: Query) -> None:
    growth = ArchiveGrowth.model_validate_json(client.get("/growth").content)
    status = ArchiveStatus.model_validate_json(client.get("/status").content)
    assert tuple(each.day for each in growth.days) == status.days
    assert sum(each.snapshots for each in growth.days) == status.rows
    assert sum(each.machines for each in growth.days) == status.objects
    for each in growth.days:
        filed = [day_name(filed_ms(made), DEFAULT_DAY_OFFSET_MINUTES) for made in entries()]
        assert each.snapshots == filed.count(each.day)


def test_a_day_that_is_over_is_counted_again_after_an_hour(tmp_path: Path) -> None:
    writer, clock_s = archiver(tmp_path), [0.0]
    writer.commit(entries()[:3], now_ms=NOW_MS)
    read = query(tmp_path)
    (only,) = read.partitions
    growth = Growth(only._tables, monotonic_s=lambda: clock_s[0])
    windows = only._windows().names
    day = windows[-1][:8]

    def counted(today: str) -> int:
        return sum(each.snapshots for each in growth.count(windows, today=today).days)

    assert (counted(day), counted("99991231")) == (3, 3)
    writer.commit(entries()[3:5], now_ms=NOW_MS)
    assert counted("99991231") == 3
    clock_s[0] = 3600.0
    assert (counted("99991231"), counted(day)) == (5, 5)


def test_http_nodes_are_those_of_the_head(read: Query) -> None:
    found = ClusterNodes(nodes=(ClusterNode(alive=True, gpus=2), ClusterNode(alive=False, gpus=0)))

    async def ask_nodes() -> ClusterNodes:
        return found

    assert (
        ClusterNodes.model_validate_json(Http(read, intake_is_well, ask_nodes=ask_nodes).get("/nodes").content) == found
    )
    assert ClusterNodes.model_validate_json(Http(read, intake_is_well).get("/nodes").content).nodes == ()


def test_http_commits_and_status(client: Http) -> None:
    status = ArchiveStatus.model_validate_json(client.get("/status").content)
    assert (status.rows, status.distinct_ids, status.leaks) == (62, 62, 1)
    assert status.objects == sum(len(each.machines) for each in entries())
    seen: list[str] = []
    after = 0
    while items := (
        page := CommitPage.model_validate_json(client.get("/commits", params={"after": after, "limit": 25}).content)
    ).items:
        seen += [item.snapshot.row_key for item in items]
        after = page.last_commit_seq
    assert after == status.last_commit_seq
    assert sorted(seen) == sorted(each.row_key for each in entries())
    assert IntakeStatus.model_validate_json(client.get("/intake").content) == INTAKE


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", f"bearer {TOKEN}", TOKEN, "Bearer \u00e9"])
def test_http_nothing_but_health_without_the_token(client: Http, header: str | None) -> None:
    paths = (
        "/observations",
        f"/observations/{entries()[0].row_key}",
        "/commits",
        "/status",
        "/upkeep",
        "/storage",
        "/growth",
        "/intake",
        "/detectors",
        "/nodes",
    )
    for path in (*paths, f"/observations/{entries()[0].row_key}/picture"):
        answer = client.get(path, headers={} if header is None else {"Authorization": header.encode("latin-1")})
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_http_health_needs_no_token_and_tells_the_truth(read: Query) -> None:
    answers: list[IntakeStatus | None] = [None, INTAKE.model_copy(update={"broker_connected": False}), INTAKE]

    async def ask_intake() -> IntakeStatus:
        answer = answers.pop(0)
        if answer is None:
            raise Unavailable("ActorDiedError: a deployment is away or busy")
        return answer

    client = Http(read, ask_intake, token=None)
    got = [client.get("/health") for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in got] == [
        (503, {"status": "starting"}),
        (503, {"status": "broker unreachable"}),
        (200, {"status": "ok"}),
    ]


async def _many(client: Http, count: int) -> list[httpx.Response]:
    transport = httpx.ASGITransport(client._app)
    async with httpx.AsyncClient(transport=transport, base_url="http://query") as browser:
        return await asyncio.gather(*(browser.get("/health") for _ in range(count)))


def test_http_health_asks_the_replicas_once_for_all_who_come_within_two_seconds(read: Query) -> None:
    asked = 0
    now_s = 0.0

    async def ask_intake() -> IntakeStatus:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return INTAKE

    client = Http(read, ask_intake, token=None, clock_s=lambda: now_s)
    assert {answer.status_code for answer in asyncio.run(_many(client, 20))} == {200}
    now_s = HEALTH_FRESH_S - 0.1
    assert (client.get("/health").json(), asked) == ({"status": "ok"}, 1)
    now_s = HEALTH_FRESH_S
    assert (client.get("/health").json(), asked) == ({"status": "ok"}, 2)


def test_http_health_says_that_upkeep_has_alarms_and_not_which(tmp_path: Path) -> None:
    archiver(tmp_path)
    status = UpkeepStatus(at_ms=NOW_MS, days=(), faults=("20261124: the disk is full; it is tried again",))
    (tmp_path / STATUS_FILE).write_text(status.model_dump_json())
    client = Http(query(tmp_path), intake_is_well, token=None)
    assert client.get("/health").json() == {
        "status": "ok",
        "attention": ["upkeep of the archive has alarms: 1, see /status"],
    }


PARSER = ParserStatus(models={"mine": "ab" * 32}, in_memory=("mine",), pictures={"mine": 7}, fell_back={}, faults=())


def test_http_tells_the_detectors_and_health_says_when_one_does_not_work(read: Query) -> None:
    broken = PARSER.model_copy(update={"fell_back": {"mine": 3}, "faults": ("mine: outputs do not fit the decoder",)})
    answers: list[tuple[ParserStatus, ...] | None] = [(PARSER,), (PARSER, broken), None] * 2

    async def ask_parsers() -> ParsersStatus:
        answer = answers.pop(0)
        if answer is None:
            raise Unavailable("no replica answers")
        return ParsersStatus(parsers=answer)

    client = Http(read, intake_is_well, ask_parsers=ask_parsers)
    health = [client.get("/health") for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in health] == [
        (200, {"status": "ok"}),
        (200, {"status": "ok", "attention": ["1 of 2 parsers have faults, see /detectors"]}),
        (200, {"status": "ok", "attention": ["no parser answers"]}),
    ]
    told = [client.get("/detectors") for _ in range(3)]
    assert ParsersStatus.model_validate_json(told[1].content).parsers == (PARSER, broken)
    assert (told[2].status_code, told[2].json()["error"]) == (503, "unavailable")
    assert told[2].json()["reason"]["code"] == "stage_unavailable"
