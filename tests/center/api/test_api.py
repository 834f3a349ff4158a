"""The API over a fake archive and the real database."""

import io
import json
from typing import Any

import httpx
import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from center.api import router
from center.api.errors import QUERY_ERRORS, STATUS
from center.assessment_feed.errors import FeedFailedError, FeedMonthOpenError
from center.audit_syslog.errors import SyslogBehindError, SyslogFailedError
from center.background import LoopDiedError
from center.cascade.errors import CascadeDistrictError, CodesSpentError
from center.console.search.query import UnreadableError
from center.console.search.saved import BadNameError
from center.errors import AuditFileError, BadFilterError, CenterError, QueryError, RosterRefusedError, StartError
from center.events_out.errors import ReceiverAwayError
from center.health import BrokerAwayError, ChannelStandsError, ChannelSuspendedError, QuotaLowError, QuotaSpentError
from center.notify.errors import TrialFailedError
from center.retention import RetentionStoppedError
from center.search.client import Filters
from center.viid_cascade.errors import SuperiorAwayError, SuperiorDeniesError, SuperiorError, SuperiorLoopError
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraState, MachineClass, PictureState
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.shared_api import api
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status, heartbeat

pytestmark = pytest.mark.anyio


async def _get(user: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    answer = await user.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_set_up_then_log_in_then_out(world: World) -> None:
    world.services.auth.prepare_setup()
    code = world.code_file.read_text(encoding="ascii")
    account = {"username": USERNAME, "password": PASSWORD}
    async with world.browser() as browser:
        assert (await browser.post("/api/login", json=account)).status_code == 401
        assert (await browser.post("/api/setup", json={"code": "wrong", **account})).status_code == 403
        made = await browser.post("/api/setup", json={"code": code, **account})
        assert (made.status_code, made.json()) == (201, {"username": USERNAME})
        assert (await browser.post("/api/setup", json={"code": code, **account})).status_code == 409
        answer = await browser.post("/api/login", json=account)
        assert answer.json() == {"username": USERNAME, "expires_at_ms": NOW_MS + 12 * 3_600_000}
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Max-Age=43200" in cookie
        assert "Secure" not in cookie
        assert (await _get(browser, "/api/me"))["username"] == USERNAME
        assert (await browser.post("/api/logout")).status_code == 204
        await _get(browser, "/api/me", 401)


async def test_a_locked_account_says_when_to_come_back(world: World) -> None:
    world.make_account()
    async with world.browser() as browser:
        wrong = {"username": USERNAME, "password": "wrong password 1"}
        for _ in range(5):
            assert (await browser.post("/api/login", json=wrong)).status_code == 401
        answer = await browser.post("/api/login", json=wrong)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 300


async def test_observations_page_through_the_archive_without_gap_or_repeat(
    world: World, user: httpx.AsyncClient
) -> None:
    world.archive.fill(23)
    seen: list[str] = []
    query: dict[str, str | int] = {"limit": 5}
    while True:
        page = (await user.get("/api/observations", params=query)).json()
        seen += [item["row_key"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [row.snapshot.row_key for row in world.archive.rows]


async def test_filters_reach_the_archive(world: World, user: httpx.AsyncClient) -> None:
    world.archive.fill(20, cameras=("cam-1", "cam-2", "cam-3"))
    two = await _get(user, "/api/observations?camera_id=cam-1&camera_id=cam-3&limit=100")
    assert {item["camera_id"] for item in two["items"]} == {"cam-1", "cam-3"}
    bikes = await _get(user, "/api/observations?cls=bicycle&cls=motorcycle&limit=100")
    assert bikes["items"]
    assert all({machine["cls"] for machine in item["machines"]} & {"bicycle", "motorcycle"} for item in bikes["items"])
    span = await _get(user, f"/api/observations?from_ms={NOW_MS - 80_000}&to_ms={NOW_MS}&limit=100")
    assert [item["captured_at_ms"] for item in span["items"]] == [NOW_MS - 40_000, NOW_MS - 80_000]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from_ms=2&to_ms=1", "bad_filter"),
        ("from_ms=-1", "invalid_request"),
        ("from_ms=99999999999999", "invalid_request"),
        ("limit=0", "invalid_request"),
        ("limit=201", "invalid_request"),
        ("cls=person", "invalid_request"),
        ("camera_id=a/b", "invalid_request"),
        ("camera_id=" + "x" * 65, "invalid_request"),
        ("cursor=" + "x" * 513, "invalid_request"),
        ("cursor=a%00b", "invalid_request"),
        ("cursor=%E4%BD%A0", "invalid_request"),
        ("person=1", "invalid_request"),
        ("cursor=notmine", "query_refused"),
    ],
)
async def test_a_query_that_cannot_be_is_refused_in_words(user: httpx.AsyncClient, query: str, code: str) -> None:
    problem = await _get(user, f"/api/observations?{query}", 422)
    assert problem["code"] == code
    assert problem["message"]
    assert problem["remedy"]


@given(st.text(max_size=600))
def test_any_cursor_is_taken_whole_or_refused(cursor: str) -> None:
    try:
        taken = Filters(cursor=cursor)
    except ValidationError:
        assert not cursor or len(cursor) > 512 or not all("!" <= letter <= "~" for letter in cursor)
    else:
        assert dict(taken.params())["cursor"] == cursor


@given(
    from_ms=st.none() | st.integers(0, 4_102_444_800_000),
    to_ms=st.none() | st.integers(0, 4_102_444_800_000),
    cls=st.lists(st.sampled_from(MachineClass), max_size=5),
    limit=st.integers(1, 200),
)
def test_filters_say_to_the_archive_what_they_were_told(
    from_ms: int | None, to_ms: int | None, cls: list[MachineClass], limit: int
) -> None:
    try:
        filters = Filters(from_ms=from_ms, to_ms=to_ms, cls=tuple(cls), limit=limit)
    except BadFilterError:
        assert from_ms is not None
        assert to_ms is not None
        assert to_ms < from_ms
        return
    params = filters.params()
    assert [value for name, value in params if name == "cls"] == cls
    assert dict(params).get("from_ms") == from_ms
    assert dict(params).get("to_ms") == to_ms
    assert dict(params)["limit"] == limit


async def test_one_observation_its_picture_and_its_machines(world: World, user: httpx.AsyncClient) -> None:
    row = world.archive.add(*observation("cam-1", NOW_MS, 5))
    key = row.snapshot.row_key
    one = await _get(user, f"/api/observations/{key}")
    assert one["row_key"] == key
    assert len(one["machines"]) == len(row.machines) > 0
    picture = await user.get(f"/api/observations/{key}/picture")
    assert picture.content == world.archive.jpegs[key]
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store"
    assert (picture.headers["x-picture-width"], picture.headers["x-picture-height"]) == ("1280", "720")
    small = await user.get(f"/api/observations/{key}/picture?max_side_px=320")
    assert Image.open(io.BytesIO(small.content)).size == (320, 180)
    assert small.headers["x-picture-width"] == "1280"
    box = row.machines[0].box
    crop = await user.get(f"/api/observations/{key}/machines/0/crop?margin=0")
    assert Image.open(io.BytesIO(crop.content)).size == (box.x1 - box.x0, box.y1 - box.y0)
    wider = await user.get(f"/api/observations/{key}/machines/0/crop")
    assert Image.open(io.BytesIO(wider.content)).size > (box.x1 - box.x0, box.y1 - box.y0)
    assert (await _get(user, f"/api/observations/{key}/machines/99/crop", 404))["code"] == "unknown_machine"


@pytest.mark.parametrize("state", [PictureState.WITHHELD, PictureState.LEAK])
async def test_a_row_without_a_picture_is_served_without_it(
    world: World, user: httpx.AsyncClient, state: PictureState
) -> None:
    row = world.archive.add(*observation("cam-1", NOW_MS, 5, state=state))
    path = f"/api/observations/{row.snapshot.row_key}"
    assert (await _get(user, path))["picture"] == state
    assert (await _get(user, f"{path}/picture", 404))["code"] == "no_picture"
    assert (await _get(user, f"{path}/machines/0/crop", 404))["code"] == "no_picture"


@pytest.mark.parametrize(
    "key",
    ["x", f"{AGENT}:{'0' * 31}", f"{AGENT}:{'G' * 32}", "..%2F..%2Fetc%2Fpasswd", "%00", f"{AGENT}:{'0' * 32}%0a"],
)
async def test_a_key_that_is_none_never_reaches_the_archive(world: World, user: httpx.AsyncClient, key: str) -> None:
    world.archive.asked.clear()
    for tail in ("", "/picture", "/machines/0/crop"):
        answer = await user.get(f"/api/observations/{key}{tail}")
        assert answer.status_code in {404, 422}
    assert world.archive.asked == []


async def test_an_observation_nobody_has_is_absent(user: httpx.AsyncClient) -> None:
    problem = await _get(user, f"/api/observations/{AGENT}:{'0' * 32}", 404)
    assert problem["code"] == "unknown_observation"


async def test_nothing_that_is_served_counts_people_or_names_a_region(world: World, user: httpx.AsyncClient) -> None:
    row = world.archive.add(*observation("cam-1", NOW_MS, 5))
    for path in ("/api/observations", f"/api/observations/{row.snapshot.row_key}", "/api/openapi.json"):
        served = await _get(user, path)
        if "components" in served:
            del served["components"]["schemas"]["EventKind"]  # names the counts in bins that leave as events
        text = json.dumps(served).lower()
        assert '"people"' not in text
        assert '"regions"' not in text


async def test_cameras_are_listed_and_found(world: World, user: httpx.AsyncClient) -> None:
    assert await _get(user, "/api/cameras") == []
    world.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    for camera, state in (("cam-1", CameraState.ONLINE), ("cam-2", CameraState.OFFLINE)):
        status = camera_status(camera, state=state, cause="" if state is CameraState.ONLINE else "no route to camera")
        world.mailbox.deliver(topics.camera_status(AGENT, camera), codec.encode(status))
    listed = await _get(user, "/api/cameras")
    assert [(camera["camera_id"], camera["state"], camera["cause"]) for camera in listed] == [
        ("cam-1", "online", ""),
        ("cam-2", "offline", "no route to camera"),
    ]
    assert await _get(user, f"/api/cameras/{AGENT}/cam-2") == listed[1]
    assert (await _get(user, f"/api/cameras/{AGENT}/cam-3", 404))["code"] == "unknown_camera"


def _answer(status: int, body: bytes = b"") -> Any:
    return lambda: Response(body, status_code=status)


@pytest.mark.parametrize(
    ("status", "body", "expected", "code"),
    [
        (401, b"", 502, "query_denied"),
        (500, b"", 502, "query_fault"),
        (302, b"", 502, "query_fault"),
        (503, b"", 503, "query_unreachable"),
        (503, b'{"error": "unavailable", "detail": "x"}', 503, "query_unreachable"),
        (404, b"Path '/observations' not found.", 503, "query_unreachable"),
        (200, b"{", 502, "query_fault"),
        (200, b'{"items": [{"snapshot": 1}], "next_cursor": null}', 502, "query_fault"),
        (422, b"", 422, "query_refused"),
    ],
)
async def test_what_the_archive_does_wrong_is_said(
    world: World, user: httpx.AsyncClient, status: int, body: bytes, expected: int, code: str
) -> None:
    world.archive.answer = _answer(status, body)
    problem = await _get(user, "/api/observations", expected)
    assert problem["code"] == code
    assert "token-of-the-archive" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("status", "kind", "expected", "code"),
    [
        (404, "unknown_observation", 404, "unknown_observation"),
        (404, "picture_withheld", 404, "no_picture"),
        (404, "picture_leak", 404, "no_picture"),
        (410, "picture_erased", 404, "no_picture"),
        (500, "picture_damaged", 502, "picture_broken"),
    ],
)
async def test_what_the_archive_says_of_a_picture_is_passed_on(
    world: World, user: httpx.AsyncClient, status: int, kind: str, expected: int, code: str
) -> None:
    key = world.archive.add(*observation("cam-1", NOW_MS, 5)).snapshot.row_key
    world.archive.answer = _answer(status, json.dumps({"error": kind, "detail": "x"}).encode())
    assert (await _get(user, f"/api/observations/{key}/picture", expected))["code"] == code


async def test_while_serve_has_no_route_yet_an_observation_is_not_called_unknown(
    world: World, user: httpx.AsyncClient
) -> None:
    key = world.archive.add(*observation("cam-1", NOW_MS, 5)).snapshot.row_key
    world.archive.answer = _answer(404, b"Path not found")
    for tail in ("", "/picture", "/machines/0/crop"):
        assert (await _get(user, f"/api/observations/{key}{tail}", 503))["code"] == "query_unreachable"


async def test_an_answer_without_end_is_cut_off(
    world: World, user: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.search.client.MAX_ANSWER_BYTES", 1000)
    world.archive.answer = _answer(200, b" " * 5000)
    problem = await _get(user, "/api/observations", 502)
    assert "more than 1000 bytes" in problem["message"]


async def test_a_broken_picture_harms_no_other(world: World, user: httpx.AsyncClient) -> None:
    broken = world.archive.add(*observation("cam-1", NOW_MS, 5)).snapshot.row_key
    whole = world.archive.add(*observation("cam-1", NOW_MS - 1, 6)).snapshot.row_key
    world.archive.jpegs[broken] = b"\xff\xd8\xff no picture"
    problem = await _get(user, f"/api/observations/{broken}/machines/0/crop", 502)
    assert (problem["code"], broken in problem["message"]) == ("picture_broken", True)
    assert (await user.get(f"/api/observations/{whole}/machines/0/crop")).status_code == 200


async def test_health_is_open_and_says_no_cause(world: World) -> None:
    async with world.browser() as browser:
        assert await _get(browser, "/api/health") == {
            "status": "ok",
            "dependencies": {
                "query": "ok",
                "broker": "ok",
                "store": "ok",
                "notify": "ok",
                "retention": "ok",
                "syslog": "ok",
                "background": "ok",
            },
        }
        world.archive.answer = _answer(500)
        world.line.cause = "broker.test:8883 refused the centre"
        world.clock.now_ms += 2000
        assert await _get(browser, "/api/health") == {
            "status": "degraded",
            "dependencies": {
                "query": "degraded",
                "broker": "degraded",
                "store": "ok",
                "notify": "ok",
                "retention": "ok",
                "syslog": "ok",
                "background": "ok",
            },
        }
        await _get(browser, "/api/health/details", 401)


async def test_health_details_name_cause_remedy_and_who_sends_rubbish(world: World, user: httpx.AsyncClient) -> None:
    world.line.cause = "broker.test:8883 refused the centre"
    world.mailbox.deliver(topics.heartbeat("cabinet-9"), b"{")
    details = await _get(user, "/api/health/details")
    broker = next(part for part in details["dependencies"] if part["name"] == "broker")
    assert "refused the centre" in broker["cause"]
    assert broker["remedy"]
    assert [(row["agent_id"], row["count"]) for row in details["malformed"]] == [("cabinet-9", 1)]
    world.mailbox.deliver(topics.heartbeat("cabinet-9"), b"{")
    assert (await _get(user, "/api/health/details"))["malformed"][0]["count"] == 2


async def test_health_asks_no_oftener_than_every_two_seconds(world: World) -> None:
    calls = 0

    def count() -> Response:
        nonlocal calls
        calls += 1
        return Response(b"{}")

    world.archive.answer = count
    async with world.browser() as browser:
        for _ in range(10):
            await _get(browser, "/api/health")
    assert calls == 1


async def test_every_query_is_in_the_audit_with_who_and_what(world: World, user: httpx.AsyncClient) -> None:
    row = world.archive.add(*observation("cam-1", NOW_MS, 5))
    key = row.snapshot.row_key
    await _get(user, "/api/observations?camera_id=cam-1&cls=car")
    await _get(user, f"/api/observations/{key}")
    await user.get(f"/api/observations/{key}/picture")
    await user.get(f"/api/observations/{key}/machines/0/crop")
    entries = list(reversed(world.services.audit.page(limit=100)))[-4:]
    assert [(entry.actor, entry.action) for entry in entries] == [
        (USERNAME, "observations.search"),
        (USERNAME, "observation.view"),
        (USERNAME, "observation.picture"),
        (USERNAME, "observation.crop"),
    ]
    assert json.loads(entries[0].detail) == {"camera_id": ["cam-1"], "cls": ["car"]}
    assert json.loads(entries[1].detail) == {"row_key": key}


async def test_what_cannot_be_audited_is_not_asked(world: World, user: httpx.AsyncClient) -> None:
    world.archive.fill(1)
    world.archive.asked.clear()
    with world.store.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE audit")
    problem = await _get(user, "/api/observations", 503)
    assert problem["code"] == "store_unavailable"
    assert world.archive.asked == []


def _all_kinds(kind: type[CenterError]) -> set[type[CenterError]]:
    return {kind, *(deeper for child in kind.__subclasses__() for deeper in _all_kinds(child))}


def test_every_error_has_a_status() -> None:
    offline = {StartError, BrokerAwayError, RosterRefusedError, AuditFileError, TrialFailedError, LoopDiedError}
    offline |= {ChannelStandsError, ChannelSuspendedError, QuotaLowError, QuotaSpentError, UnreadableError}
    offline |= {BadNameError, RetentionStoppedError, QueryError, FeedFailedError, FeedMonthOpenError}
    offline |= {SuperiorError, SuperiorAwayError, SuperiorDeniesError, SuperiorLoopError}
    offline |= {CodesSpentError, CascadeDistrictError, SyslogBehindError, SyslogFailedError, ReceiverAwayError}
    assert _all_kinds(CenterError) - offline - {CenterError} == set(STATUS)


def test_every_failure_of_the_archive_is_documented_where_it_is_asked() -> None:
    assert set(QUERY_ERRORS) == _all_kinds(QueryError) - {QueryError}


def test_the_schema_is_whole() -> None:
    schema = api().openapi()
    operations = [
        (path, method, operation) for path, item in schema["paths"].items() for method, operation in item.items()
    ]
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in schema["tags"]}
    for path, _, operation in operations:
        assert operation["description"], path
        assert set(operation["tags"]) <= tags
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_what_answers_before_a_route_is_named_beside_the_answers_of_its_own() -> None:
    answers = router.create().openapi()["paths"]["/cases/{case_id}/approve"]["post"]["responses"]
    assert answers["404"]["description"] == "`not_found` or `unknown_case`"
    assert answers["403"]["description"].startswith("`foreign_origin` or `forbidden` or `")
    assert answers["503"]["description"] == "`store_unavailable`"


async def test_the_schema_is_served_to_who_is_logged_in(user: httpx.AsyncClient) -> None:
    assert await _get(user, "/api/openapi.json") == json.loads(json.dumps(router.create().openapi()))
    assert (await user.get("/api/docs")).status_code == 404
