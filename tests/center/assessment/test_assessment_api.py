"""The assessment over HTTP: reports in pages, rules with an audit, and input that nobody should send."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.center.assessment.fleet import MONTH, lay_down
from bench.center.assessment.plan import FAULTS
from center import pagination
from center.assessment.camera_register import COLUMNS, read
from center.assessment.errors import BadCursorError, RegisterRefusedError
from center.assessment.indicators import Indicator
from center.assessment.settings import Settings
from center.audit.log import Audit
from center.database.store import Store
from tests.center.conftest import USERNAME, World
from tests.center.street import AGENT, NOW_MS
from tests.center.world import camera_status

pytestmark = pytest.mark.anyio
BASE = "/api/assessment"
HOUR_MS = 3_600_000
DAY = {"period": "2026-11-01"}


@pytest.fixture
def fleet(world: World) -> int:
    """How many are in service on the one day that is asked for: one comes later."""
    count = len(FAULTS) + 8
    lay_down(world.store, cameras=count, faults_each=1, hours=30)
    return count - 1


async def answer(user: httpx.AsyncClient, method: str, path: str, status: int = 200, **more: Any) -> Any:
    got = await user.request(method, f"{BASE}{path}", **more)
    assert got.status_code == status, got.text
    return got.json() if got.content else None


def audited(store: Store) -> list[tuple[str, str, Any]]:
    return [(entry.actor, entry.action, json.loads(entry.detail)) for entry in Audit(store, lambda: 0).page(limit=100)]


async def test_a_report_has_the_fleet_and_its_districts_in_order(user: httpx.AsyncClient, fleet: int) -> None:
    report = await answer(user, "GET", "/report", params=DAY)
    assert report["fleet"]["cameras"] == fleet
    assert sum(place["card"]["cameras"] for place in report["districts"]) == fleet
    values = [place["value"] for place in report["districts"]]
    assert values == sorted(values, reverse=True)
    assert report["to_ms"] - report["from_ms"] == 24 * HOUR_MS
    assert [finding["indicator"] for finding in report["fleet"]["findings"]] == [each.value for each in Indicator]


async def test_cameras_come_in_pages_without_gap_or_repeat(user: httpx.AsyncClient, fleet: int) -> None:
    seen, mark = [], None
    while True:
        page = await answer(user, "GET", "/cameras", params={**DAY, "limit": 7, **({"cursor": mark} if mark else {})})
        seen += [(each["rank"], each["camera_id"]) for each in page["items"]]
        mark = page["next_cursor"]
        if mark is None:
            break
    assert len(seen) == len(set(seen)) == fleet
    ranks = [rank for rank, _ in seen if rank is not None]
    assert ranks == sorted(ranks)
    assert [rank for rank, _ in seen[len(ranks) :]] == [None] * (fleet - len(ranks))


async def test_cameras_are_chosen_by_district_indicator_and_verdict(user: httpx.AsyncClient, fleet: int) -> None:
    failed = await answer(user, "GET", "/cameras", params={**DAY, "indicator": "place", "verdict": "fail"})
    assert len(failed["items"]) == sum(fault.found[0][0] is Indicator.PLACE for fault in FAULTS)
    assert all(place["district"] for place in failed["items"])
    one = await answer(user, "GET", "/cameras", params={**DAY, "district": "District 3"})
    assert {place["district"] for place in one["items"]} == {"District 3"}
    assert (await answer(user, "GET", "/cameras", params={**DAY, "district": "'; DROP TABLE users; --"}))["items"] == []


async def test_the_hours_behind_a_failure_come_in_pages(user: httpx.AsyncClient, fleet: int) -> None:
    who = {**DAY, "agent_id": "agent-000", "camera_id": "cam-0000", "indicator": "online", "limit": 5}
    first = await answer(user, "GET", "/evidence", params=who)
    second = await answer(user, "GET", "/evidence", params={**who, "cursor": first["next_cursor"]})
    hours = [item["hour"] for item in (*first["items"], *second["items"])]
    assert hours == [f"2026-11-01T{hour:02d}" for hour in range(10)]
    assert first["items"][0]["causes"]["unreachable"] == list(range(12))
    assert first["items"][0]["growth"]["selected"] == 60


async def test_a_series_has_a_card_an_hour(user: httpx.AsyncClient, fleet: int) -> None:
    cards = await answer(user, "GET", "/series", params={**DAY, "by": "hour"})
    assert [card["name"] for card in cards] == [f"2026-11-01T{hour:02d}" for hour in range(24)]


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("/report", {"period": "2026-13"}, "bad_period"),
        ("/report", {"period": "2026-11'--"}, "bad_period"),
        ("/cameras", {**DAY, "cursor": "nonsense"}, "bad_cursor"),
        ("/cameras", {**DAY, "cursor": pagination.mark("agent-000", "nobody")}, "bad_cursor"),
        ("/evidence", {**DAY, "agent_id": "a", "camera_id": "c", "cursor": pagination.mark("x")}, "bad_cursor"),
        ("/evidence", {**DAY, "agent_id": "a", "camera_id": "<script>"}, "invalid_request"),
        ("/export", {**DAY, "form": "exe"}, "invalid_request"),
        ("/maintenance", {"cursor": pagination.mark("1")}, "bad_cursor"),
        ("/register", {"cursor": pagination.mark(1, 2)}, "bad_cursor"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_words(
    user: httpx.AsyncClient, path: str, params: dict[str, Any], code: str
) -> None:
    assert (await answer(user, "GET", path, 422, params=params))["code"] == code


async def test_evidence_of_nobody_is_not_found(user: httpx.AsyncClient) -> None:
    who = {**DAY, "agent_id": "a", "camera_id": "c"}
    assert (await answer(user, "GET", "/evidence", 404, params=who))["code"] == "unknown_camera"


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda data: data.decode("latin-1")))
def test_any_cursor_is_a_place_or_refused(text: str) -> None:
    try:
        assert [type(part) for part in pagination.place(text, str, int)] == [str, int]
    except BadCursorError:
        return


@given(st.text(max_size=60), st.integers())
def test_a_mark_names_the_place_it_was_made_of(text: str, number: int) -> None:
    marked = pagination.mark(text, number)
    if len(marked) <= 400:
        assert pagination.place(marked, str, int) == (text, number)


async def test_thresholds_are_changed_by_name_and_the_audit_has_both(world: World, user: httpx.AsyncClient) -> None:
    before = await answer(user, "GET", "/settings")
    assert before == Settings().model_dump(mode="json")
    after = before | {"clock_ms": 1000}
    assert await answer(user, "PUT", "/settings", json=after) == after
    assert await answer(user, "GET", "/settings") == after
    assert audited(world.store)[0] == (USERNAME, "assessment.settings", {"clock_ms": [5000, 1000]})
    await answer(user, "PUT", "/settings", 422, json=before | {"known_share": 2})
    assert await answer(user, "GET", "/settings") == after


async def test_a_changed_threshold_holds_for_past_months(user: httpx.AsyncClient, fleet: int) -> None:
    def failing(report: Any) -> set[str]:
        return {finding["indicator"] for finding in report["fleet"]["findings"] if finding["verdict"] == "fail"}

    now = await answer(user, "GET", "/settings")
    strict = now | {"pass_at": dict.fromkeys(now["pass_at"], 1.0)}
    lax = now | {"pass_at": dict.fromkeys(now["pass_at"], 0.0)}
    await answer(user, "PUT", "/settings", json=strict)
    assert failing(await answer(user, "GET", "/report", params=DAY)) == set(Indicator) - {Indicator.COMPLETENESS}
    await answer(user, "PUT", "/settings", json=lax)
    assert failing(await answer(user, "GET", "/report", params=DAY)) == set()


async def test_a_district_has_an_outline_that_does_not_cross_itself(world: World, user: httpx.AsyncClient) -> None:
    square = [[120, 30], [121, 30], [121, 31], [120, 31]]
    district = {"name": "西湖区 <script>", "region": "330106", "outline": square}
    assert (await answer(user, "PUT", "/districts", json=district))["outline"] == square
    crossed = district | {"outline": [square[0], square[2], square[1], square[3]]}
    refused = await answer(user, "PUT", "/districts", 422, json=crossed)
    assert (refused["code"], "cross" in refused["message"]) == ("district_refused", True)
    for wrong in ({"name": ""}, {"region": "33010"}, {"outline": [[1, 2, 3]]}, {"outline": [["NaN", 1]]}):
        await answer(user, "PUT", "/districts", 422, json=district | wrong)
    assert [each["name"] for each in await answer(user, "GET", "/districts")] == [district["name"]]
    await answer(user, "DELETE", "/districts", 204, params={"name": district["name"]})
    await answer(user, "DELETE", "/districts", 404, params={"name": district["name"]})
    assert [action for _, action, _ in audited(world.store)[:2]] == [
        "assessment.district_removed",
        "assessment.district",
    ]


CSV = (
    "\ufeffagent_id,camera_id,district,gb_code,latitude,longitude,name\r\n"
    'cabinet-7,cam-1,West,33010601001320000001,30.05,120.05,"=HYPERLINK(""http://x"")"\r\n'
    "cabinet-7,cam-2,West,,120.05,30.05,<script>alert(1)</script>\r\n"
    "cabinet-7,cam-3,'; DROP TABLE users; --,x,0,0,'; DROP\r\n"
)


async def test_a_register_is_taken_whole_and_what_is_wrong_in_it_is_for_the_assessment(
    world: World, user: httpx.AsyncClient
) -> None:
    assert await answer(user, "POST", "/register", content=CSV.encode()) == {"cameras": 3}
    page = await answer(user, "GET", "/register", params={"limit": 2})
    rest = await answer(user, "GET", "/register", params={"limit": 2, "cursor": page["next_cursor"]})
    assert [each["camera_id"] for each in (*page["items"], *rest["items"])] == ["cam-1", "cam-2", "cam-3"]
    assert rest["items"][0]["district"] == "'; DROP TABLE users; --"
    report = await answer(user, "GET", "/cameras", params=DAY)
    causes = {
        place["camera_id"]: [finding["cause"] for finding in place["card"]["findings"][4:6]]
        for place in report["items"]
    }
    assert causes == {
        "cam-1": ["", ""],
        "cam-2": ["place_swapped", "code_missing"],
        "cam-3": ["place_zero", "code_not_20_digits"],
    }
    assert {place["card"]["findings"][0]["cause"] for place in report["items"]} == {"never_heard"}
    smaller = "agent_id,camera_id\ncabinet-7,cam-1\n"
    await answer(user, "POST", "/register", content=smaller.encode(), params={"replace": "true"})
    assert len((await answer(user, "GET", "/register"))["items"]) == 1
    assert audited(world.store)[0] == (USERNAME, "assessment.register", {"cameras": 1, "removed": 2})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "lacks agent_id"),
        ("agent_id,camera_id,colour\na,b,c\n", "colour"),
        ("agent_id,camera_id,camera_id\n", "twice"),
        ("agent_id,camera_id\ncabinet-7,cam 1\n", "line 2: camera_id 'cam 1'"),
        ("agent_id,camera_id\ncenter/,cam-1\n", "line 2: agent_id"),
        ("agent_id,camera_id\na,b\na,b\n", "line 3: the camera stands"),
        ("agent_id,camera_id,latitude\na,b,1\n", "go together"),
        ("agent_id,camera_id,latitude,longitude\na,b,nan,1\n", "degrees"),
        ("agent_id,camera_id,latitude,longitude\na,b,181,1\n", "degrees"),
        ("agent_id,camera_id,name\na,b,\x07\n", "invisible"),
        ("agent_id,camera_id\na,b,c\n", "more cells"),
        ('agent_id,camera_id\n"a,b\n', "line"),
    ],
)
def test_a_register_with_faults_names_their_lines(text: str, word: str) -> None:
    with pytest.raises(RegisterRefusedError) as caught:
        read(text.encode())
    assert word in str(caught.value)


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"{','.join(COLUMNS)}\n{text}".encode()))
def test_any_bytes_are_a_register_or_refused(data: bytes) -> None:
    try:
        entries = read(data)
    except RegisterRefusedError:
        return
    assert len({(each.agent_id, each.camera_id) for each in entries}) == len(entries)


async def test_a_register_that_is_refused_changes_nothing(user: httpx.AsyncClient) -> None:
    await answer(user, "POST", "/register", content=CSV.encode())
    wrong = CSV + "cabinet-7,cam 9\r\n"
    assert (await answer(user, "POST", "/register", 422, content=wrong.encode()))["code"] == "register_refused"
    assert (await answer(user, "POST", "/register", 422, content=b"\xff\xfe"))["code"] == "register_refused"
    await answer(user, "POST", "/register", 413, content=b"x" * (1024 * 1024 + 1))
    assert len((await answer(user, "GET", "/register"))["items"]) == 3


async def test_maintenance_is_entered_ended_and_withdrawn_by_name(world: World, user: httpx.AsyncClient) -> None:
    plan = {"scope": "camera", "agent_id": AGENT, "camera_id": "cam-1", "from_ms": NOW_MS, "reason": "new mast"}
    window = await answer(user, "POST", "/maintenance", 201, json=plan)
    assert (window["to_ms"], window["entered_by"], window["retroactive"]) == (None, USERNAME, False)
    end = f"/maintenance/{window['id']}/end"
    await answer(user, "POST", end, 422, json={"to_ms": NOW_MS})
    ended = await answer(user, "POST", end, json={"to_ms": NOW_MS + 9 * HOUR_MS})
    assert (ended["to_ms"], ended["ended_by"]) == (NOW_MS + 9 * HOUR_MS, USERNAME)
    later = await answer(user, "POST", end, 422, json={"to_ms": NOW_MS + 10 * HOUR_MS})
    assert later["code"] == "window_refused"
    withdrawn = await answer(user, "POST", f"/maintenance/{window['id']}/withdraw")
    assert withdrawn["withdrawn_by"] == USERNAME
    await answer(user, "POST", f"/maintenance/{window['id']}/withdraw", 404)
    await answer(user, "POST", "/maintenance/99/end", 404, json={"to_ms": NOW_MS + 1})
    assert len((await answer(user, "GET", "/maintenance"))["items"]) == 1
    assert [action for _, action, _ in audited(world.store)[:3]] == [
        "assessment.maintenance_withdrawn",
        "assessment.maintenance_ended",
        "assessment.maintenance",
    ]


async def test_what_is_entered_too_late_is_marked(user: httpx.AsyncClient) -> None:
    plan = {"scope": "fleet", "to_ms": NOW_MS, "reason": "storm"}
    marked = []
    for ago_h in (23, 25):
        window = await answer(user, "POST", "/maintenance", 201, json={**plan, "from_ms": NOW_MS - ago_h * HOUR_MS})
        marked.append(window["retroactive"])
    now = await answer(user, "GET", "/settings")
    await answer(user, "PUT", "/settings", json=now | {"retroactive_h": 1})
    window = await answer(user, "POST", "/maintenance", 201, json={**plan, "from_ms": NOW_MS - 2 * HOUR_MS})
    assert [*marked, window["retroactive"]] == [False, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"to_ms": NOW_MS},
        {"scope": "district"},
        {"scope": "camera", "agent_id": AGENT},
        {"district": "West"},
        {"reason": ""},
        {"from_ms": -1},
        {"from_ms": 10**15},
        {"scope": "camera", "agent_id": AGENT, "camera_id": "<script>"},
    ],
)
async def test_maintenance_that_cannot_be_is_refused(user: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    plan = {"scope": "fleet", "from_ms": NOW_MS, "reason": "storm"}
    await answer(user, "POST", "/maintenance", 422, json=plan | wrong)
    assert (await answer(user, "GET", "/maintenance"))["items"] == []


async def test_open_ended_maintenance_excuses_until_now_and_a_withdrawn_one_nobody(
    world: World, user: httpx.AsyncClient, fleet: int
) -> None:
    begin_ms = (await answer(user, "GET", "/report", params=DAY))["from_ms"]
    plan = {"scope": "district", "district": "District 3", "from_ms": begin_ms + 90 * 60_000, "reason": "storm"}
    window = await answer(user, "POST", "/maintenance", 201, json=plan)
    district = {**DAY, "by": "month", "district": "District 3"}
    card = (await answer(user, "GET", "/series", params=district))[0]
    assert card["hours_excused"] == card["cameras"] * 23
    assert card["hours"] == card["cameras"]
    await answer(user, "POST", f"/maintenance/{window['id']}/withdraw")
    assert (await answer(user, "GET", "/series", params=district))[0]["hours_excused"] == 0


async def test_the_watch_says_when_it_last_looked(world: World, user: httpx.AsyncClient) -> None:
    assert await answer(user, "GET", "/watch") == {"looked_at_ms": None, "fault": ""}
    world.services.assessment.recorder.tick()
    assert await answer(user, "GET", "/watch") == {"looked_at_ms": NOW_MS, "fault": ""}


async def test_an_export_is_a_file_and_in_the_audit(world: World, user: httpx.AsyncClient, fleet: int) -> None:
    for form, magic in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK\x03\x04"), ("pdf", b"%PDF-")):
        got = await user.get(f"{BASE}/export", params={**DAY, "form": form})
        assert got.content.startswith(magic)
        assert got.headers["content-disposition"] == f'attachment; filename="assessment-2026-11-01.{form}"'
        assert audited(world.store)[0] == (USERNAME, "assessment.export", {"period": "2026-11-01", "form": form})


async def test_nothing_of_an_assessment_speaks_of_people(world: World, user: httpx.AsyncClient, fleet: int) -> None:
    world.services.devices.changed(camera_status("cam-1"))
    for path in ("/report", "/cameras", "/series"):
        text = json.dumps(await answer(user, "GET", path, params=DAY)).lower()
        assert not {"people", "person", "face", "plate"} & set(text.replace('"', " ").replace("_", " ").split())


async def test_a_month_of_a_centre_that_heard_nothing_is_empty(user: httpx.AsyncClient) -> None:
    report = await answer(user, "GET", "/report", params={"period": MONTH})
    assert (report["fleet"]["cameras"], report["fleet"]["score"], report["districts"]) == (0, None, [])
    assert {finding["verdict"] for finding in report["fleet"]["findings"]} == {"unknown"}
