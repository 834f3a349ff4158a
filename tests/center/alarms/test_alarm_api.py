"""Rules and alarms over HTTP: behind the guard, in pages, and whatever is sent, an answer that says what to do."""

import json
from typing import Any

import httpx
import pytest

from center.alarms.latency import Hop, HopHistograms
from center.api.router import create
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Observed
from tests.center.alarms.making import LEFT_HALF, PLACE, hint, machine, row, seen
from tests.center.conftest import World
from tests.center.street import AGENT, NOW_MS
from tests.support.scraping import samples

pytestmark = pytest.mark.anyio
ZONE = {"name": "yard", "what": {"kind": "zone_entry", "polygon": LEFT_HALF}, "cameras": [PLACE], "window_s": 1}


async def enforce(user: httpx.AsyncClient, body: dict[str, Any]) -> int:
    made = await user.post("/api/rules", json=body)
    assert made.status_code == 201, made.text
    number = int(made.json()["id"])
    assert (await user.post(f"/api/rules/{number}/versions/1/preview")).status_code == 200
    switched = await user.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True})
    assert switched.status_code == 200, switched.text
    return number


def deliver(world: World, observed: Observed) -> None:
    world.mailbox.deliver(topics.observed(AGENT), codec.encode(observed))


async def test_no_route_answers_who_is_not_logged_in(world: World) -> None:
    schema = create().openapi()["paths"]
    routes = [(method, path) for path in schema for method in schema[path] if path.startswith(("/rules", "/alarms"))]
    assert len(routes) > 15
    async with world.browser() as browser:
        for method, path in routes:
            filled = path.replace("{rule_id}", "1").replace("{version}", "1").replace("{alarm_id}", "1")
            answer = await browser.request(method.upper(), f"/api{filled}", json={})
            assert answer.status_code == 401, path


async def test_from_a_hint_to_a_closed_alarm(world: World, user: httpx.AsyncClient) -> None:
    number = await enforce(user, ZONE)
    deliver(world, hint(seen(machine())))
    listed = (await user.get("/api/alarms")).json()
    assert [alarm["rule_id"] for alarm in listed["items"]] == [number]
    path = f"/api/alarms/{listed['items'][0]['id']}"
    acts = {"comment": "我在看", "escalate": "", "acknowledge": "mine", "close": ""}
    for act, comment in acts.items():
        assert (await user.post(f"{path}/{act}", json={"comment": comment})).status_code == 200
    refused = await user.post(f"{path}/acknowledge", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "alarm_state")
    history = (await user.get(path)).json()
    assert [(event["event"], event["actor"], event["comment"]) for event in history["events"]] == [
        ("raised", "(alarms)", ""),
        ("commented", "operator", "我在看"),
        ("escalated", "operator", ""),
        ("acknowledged", "operator", "mine"),
        ("closed", "operator", ""),
    ]
    assert (await user.get("/api/alarms", params={"state": "open"})).json()["items"] == []
    audited = [entry.action for entry in world.services.audit.page(limit=100)]
    assert audited[:4] == ["alarm.closed", "alarm.acknowledged", "alarm.escalated", "alarm.commented"]


async def test_alarms_are_paged_newest_first_without_gap_or_repetition(world: World, user: httpx.AsyncClient) -> None:
    await enforce(user, ZONE)
    for number in range(7):
        world.clock.now_ms += 2000
        deliver(world, hint(seen(machine(), at_ms=world.clock.now_ms, key=f"k{number}")))
    ids, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await user.get("/api/alarms", params=params)).json()
        ids += [alarm["id"] for alarm in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert ids == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (ZONE | {"what": {"kind": "zone_entry", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}}, "crosses itself"),
        (ZONE | {"what": {"kind": "zone_entry", "polygon": [[0, 0]] * 30_000}}, "at most 64"),
        (ZONE | {"cameras": ["<script>alert(1)</script>"]}, "pattern"),
        (ZONE | {"cameras": ["a/'; DROP TABLE alarms; --"]}, "pattern"),
        (ZONE | {"watch_list": ["somebody"]}, "Extra inputs"),
        (ZONE | {"what": {"kind": "face"}}, "expected tags"),
        (ZONE | {"what": {"kind": "crowding", "threshold": 1}}, "greater than or equal to 10"),
        ({}, "Field required"),
    ],
    ids=["bow tie", "huge", "script", "drop", "unknown field", "unknown kind", "one person", "nothing"],
)
async def test_what_cannot_be_a_rule_is_answered_with_the_reason(
    user: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    answer = await user.post("/api/rules", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert says in answer.json()["message"]
    assert (await user.get("/api/rules")).json()["items"] == []


async def test_a_body_over_the_limit_is_refused_before_it_is_read(user: httpx.AsyncClient) -> None:
    huge = json.dumps(ZONE | {"what": {"kind": "zone_entry", "polygon": [[0.1, 0.2]] * 200_000}})
    answer = await user.post("/api/rules", content=huge, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_hostile_name_is_kept_as_it_is_and_harms_nothing(world: World, user: httpx.AsyncClient) -> None:
    name = "<script>alert(1)</script>'; DROP TABLE alarms; --"
    await enforce(user, ZONE | {"name": name})
    deliver(world, hint(seen(machine())))
    alarm = (await user.get("/api/alarms")).json()["items"][0]
    assert alarm["rule_name"] == name


async def test_a_rule_that_matches_everything_is_refused_with_its_count(world: World, user: httpx.AsyncClient) -> None:
    for number in range(30):
        world.archive.add(row(machine(), at_ms=NOW_MS - 3_600_000 + number, key=f"k{number}"), b"")
    made = (await user.post("/api/rules", json=ZONE)).json()
    early = await user.post(f"/api/rules/{made['id']}/on", json={"version": 1})
    assert (early.status_code, early.json()["code"]) == (409, "no_preview")
    preview = (await user.post(f"/api/rules/{made['id']}/versions/1/preview")).json()
    assert (preview["rows"], preview["matched"], preview["too_broad"]) == (30, 30, True)
    answer = await user.post(f"/api/rules/{made['id']}/on", json={"version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "rule_too_broad")
    assert "30 of 30" in answer.json()["message"]


async def test_a_rule_whose_preview_saw_nothing_is_switched_on_by_who_says_so(user: httpx.AsyncClient) -> None:
    number = (await user.post("/api/rules", json=ZONE)).json()["id"]
    preview = (await user.post(f"/api/rules/{number}/versions/1/preview")).json()
    assert (preview["rows"], preview["blank"]) == (0, True)
    refused = await user.post(f"/api/rules/{number}/on", json={"version": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "blank_preview")
    assert (await user.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True})).json()["on_version"] == 1


async def test_a_rule_is_changed_read_and_retired(user: httpx.AsyncClient) -> None:
    number = await enforce(user, ZONE)
    path = f"/api/rules/{number}"
    changed = await user.put(path, json={"version": 1, "text": ZONE | {"severity": "info"}})
    assert (changed.json()["version"], changed.json()["on_version"]) == (2, 1)
    stale = await user.put(path, json={"version": 1, "text": ZONE})
    assert (stale.status_code, stale.json()["code"]) == (409, "rule_changed")
    assert [each["text"]["severity"] for each in (await user.get(f"{path}/versions")).json()] == ["warning", "info"]
    assert (await user.delete(path)).json()["retired"] is True
    assert (await user.get(path)).json()["on_version"] is None
    assert (await user.get("/api/rules/99")).json()["code"] == "unknown_rule"


async def test_late_rows_are_listed_and_counted(world: World, user: httpx.AsyncClient) -> None:
    number = await enforce(user, ZONE)
    deliver(world, hint(*(seen(machine(), at_ms=NOW_MS - 100_000 - each, key=f"k{each}") for each in range(5))))
    assert (await user.get("/api/alarms")).json()["items"] == []
    first = (await user.get(f"/api/rules/{number}/late", params={"limit": 3})).json()
    second = (await user.get(f"/api/rules/{number}/late", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    captured = [late["captured_at_ms"] for page in (first, second) for late in page["items"]]
    assert sorted(captured) == [NOW_MS - 100_000 - each for each in range(4, -1, -1)]
    assert (await user.get("/api/alarms/figures")).json()["outcomes"]["late"] == 5


async def test_hops_of_an_alarm_are_counted(world: World, user: httpx.AsyncClient) -> None:
    await enforce(user, ZONE)
    world.clock.now_ms += 900
    deliver(world, hint(seen(machine())))
    told = samples(world.services.alarms.hops.collect())
    counted = {hop for hop in Hop if told["wayside_center_hop_seconds_count", hop]}
    assert {hop.value: round(1000 * told["wayside_center_hop_seconds_sum", hop]) for hop in counted} == {
        "select": 20,
        "redact": 240,
        "spool": 10,
        "publish": 30,
        "edge": 300,
        "arrive": 50,
        "parse": 100,
        "commit": 150,
        "hear": 300,
        "decide": 0,
    }


def test_a_hop_that_ends_before_it_begins_counts_as_nought_and_as_ahead() -> None:
    hops = HopHistograms()
    hops.observe(Hop.ARRIVE, 1000, 700)
    hops.observe(Hop.ARRIVE, None, 700)
    told = samples(hops.collect())
    assert (told["wayside_center_hop_seconds_count", "arrive"], told["wayside_center_hop_seconds_sum", "arrive"]) == (
        1,
        0,
    )
    assert (told["wayside_center_hops_ahead_total", "arrive"], told["wayside_center_hops_ahead_total", "send"]) == (
        1,
        0,
    )


async def test_nothing_that_is_served_of_alarms_counts_people(world: World, user: httpx.AsyncClient) -> None:
    number = await enforce(user, {"name": "crowd", "what": {"kind": "crowding", "threshold": 10}})
    crowded = seen(machine(), people=9973)
    deliver(world, hint(crowded))
    served = [
        (await user.get(path)).text
        for path in ("/api/alarms", "/api/alarms/1", f"/api/rules/{number}", "/api/alarms/figures", "/api/openapi.json")
    ]
    assert '"crowding"' in served[0]
    schema = json.loads(served.pop())
    del schema["components"]["schemas"]["EventKind"]  # names the counts in bins that leave as events
    served.append(json.dumps(schema))
    for text in served:
        assert "9973" not in text
        assert '"people"' not in text
        assert crowded.row_key not in text
