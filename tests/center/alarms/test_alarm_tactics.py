"""Tactics: switched on by a second account, shared in a district, taken as a file; and what has gone meanwhile."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import pytest
from fastapi.responses import JSONResponse
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import Response

from center.access.permissions import EVERYWHERE, CameraKey, Permission, Role
from center.access.users import GrantRequest
from center.alarms.errors import RuleFileError
from center.alarms.preview import RulePreviews
from center.alarms.rule_files import MAX_FILE, RuleFile, read_rule_file
from center.alarms.rules.rule import RuleText
from provisioning.contracts.query.archive import ObservationPage
from provisioning.contracts.wire import codec, topics
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, PLACE, machine, motion, row, text
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS
from tests.center.world import camera_status

OTHER: Final = f"{AGENT}/cam-2"
GONE: Final = f"{AGENT}/cam-9"
TRUCK: Final = {"op": "seen", "classes": ["truck"], "what": {"kind": "standing", "zone": "bay", "for_s": 60}}
RIDER: Final = {"op": "seen", "what": {"kind": "zone_entry", "polygon": LEFT_HALF}}
CROSSED: Final = {"op": "seen", "what": {"kind": "line_crossing", "line": "stop"}}
WHAT: Final = {"kind": "composed", "when": {"op": "and", "of": [TRUCK, RIDER]}}
TACTIC: Final = {"name": "forced out", "what": WHAT, "cameras": [PLACE]}


@pytest.fixture
def places(world: World, user: httpx.AsyncClient) -> httpx.AsyncClient:
    """A district of `cam-1` and `cam-2` with three supervisors, and another of `cam-2` with one."""
    services = world.services
    for camera in ("cam-1", "cam-2"):
        message = camera_status(camera)
        world.mailbox.deliver(topics.camera_status(AGENT, camera), codec.encode(message))
    for district, cameras in (("north", ("cam-1", "cam-2")), ("south", ("cam-2",))):
        services.districts.create(district, district.title(), actor=USERNAME)
        services.districts.set_cameras(district, [CameraKey(AGENT, camera) for camera in cameras], actor=USERNAME)
    for name, district in (("sam", "north"), ("sue", "north"), ("tom", "south")):
        services.users.add(name, PASSWORD, [GrantRequest(Role.SUPERVISOR, district)], actor=USERNAME)
    return user


@asynccontextmanager
async def logged_in(world: World, name: str) -> AsyncIterator[httpx.AsyncClient]:
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield browser


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def audited(world: World, *prefixes: str) -> list[tuple[str, str, dict[str, Any]]]:
    entries = reversed(world.services.audit.page(limit=200))
    return [
        (entry.actor, entry.action, json.loads(entry.detail)) for entry in entries if entry.action.startswith(prefixes)
    ]


@pytest.mark.anyio
async def test_where_the_district_wants_it_a_second_account_switches_a_version_on(
    world: World, places: httpx.AsyncClient
) -> None:
    on = {"version": 1, "unseen": True}
    async with logged_in(world, "sam") as sam, logged_in(world, "sue") as sue:
        made = (await sam.post("/api/rules", json=TACTIC)).json()
        path = f"/api/rules/{made['id']}"
        assert made["second_account"] is False
        await sam.post(f"{path}/versions/1/preview")
        assert (await sam.post(f"{path}/on", json=on)).json()["on_version"] == 1  # nobody wants it yet
        refused = await sam.put("/api/districts/north/second-account", json={"second_account": True})
        assert code(refused) == (403, "forbidden")
        district = await places.put("/api/districts/south/second-account", json={"second_account": True})
        assert district.json()["second_account"] is True
        assert (await sam.post(f"{path}/on", json=on)).status_code == 200  # it has no camera of that district
        await places.put("/api/districts/north/second-account", json={"second_account": True})
        assert (await sam.put(path, json={"version": 1, "text": TACTIC | {"name": "again"}})).status_code == 200
        await sam.post(f"{path}/versions/2/preview")
        answer = await sam.post(f"{path}/on", json=on | {"version": 2})
        assert code(answer) == (403, "rule_second_account")
        assert "cannot be enabled by sam, who wrote it" in answer.json()["message"]
        asked = {"password": PASSWORD, "name": "t", "scopes": [Permission.ALARM_EDIT], "days": 1}
        token = (await sam.post("/api/account/tokens", json=asked)).json()["token"]
        async with world.browser() as program:
            bearer = {"Authorization": f"Bearer {token}"}
            answer = await program.post(f"{path}/on", json=on | {"version": 2}, headers=bearer)
            assert code(answer) == (403, "rule_second_account")  # a token of the same account is the same person
        assert (await sue.get(path)).json()["on_version"] == 1
        assert (await sue.post(f"{path}/on", json=on | {"version": 2})).json()["on_version"] == 2
        assert (await sam.post(f"{path}/off")).json()["on_version"] is None
    everywhere = (await places.post("/api/rules", json={"name": "all", "what": CROSSED["what"]})).json()
    assert everywhere["second_account"] is True  # it is about that district's cameras too
    assert [(actor, detail) for actor, action, detail in audited(world, "district.second")] == [
        (USERNAME, {"district_id": district, "second_account": True}) for district in ("south", "north")
    ]


@pytest.mark.anyio
async def test_a_tactic_is_shared_in_a_district_and_others_there_make_rules_of_it(
    world: World, places: httpx.AsyncClient
) -> None:
    async with logged_in(world, "sam") as sam, logged_in(world, "sue") as sue, logged_in(world, "tom") as tom:
        rule = (await sam.post("/api/rules", json=TACTIC)).json()["id"]
        share = {"district_id": "north", "name": "Riders", "rule_id": rule, "version": 1}
        made = await sam.post("/api/tactics", json=share)
        assert made.status_code == 201, made.text
        assert code(await sue.post("/api/tactics", json=share)) == (409, "tactic_named")
        beyond = await places.post("/api/tactics", json=share | {"district_id": "south"})
        assert code(beyond) == (409, "tactic_beyond_district")
        assert PLACE in beyond.json()["message"]
        assert code(await sam.post("/api/tactics", json=share | {"district_id": "south"})) == (
            409,
            "tactic_beyond_district",
        )
        assert code(await places.post("/api/tactics", json=share | {"district_id": "west"})) == (
            404,
            "unknown_district",
        )
        assert code(await tom.post("/api/tactics", json=share)) == (404, "unknown_rule")
        (seen,) = (await sue.get("/api/tactics")).json()
        assert (seen["name"], seen["shared_by"]) == ("Riders", "sam")
        again = await sue.post("/api/rules", json=seen["text"] | {"cameras": [OTHER], "name": "ours"})
        assert (again.status_code, again.json()["text"]["what"]) == (201, seen["text"]["what"])
        path = f"/api/tactics/{seen['id']}"
        assert ((await tom.get("/api/tactics")).json(), code(await tom.get(path))) == ([], (404, "unknown_tactic"))
        assert code(await tom.delete(path)) == (404, "unknown_tactic")
        assert (await sue.delete(path)).status_code == 204
        assert code(await sam.get(path)) == (404, "unknown_tactic")
        assert (await sue.get(f"/api/rules/{again.json()['id']}")).status_code == 200  # it stays
    tactic = {"tactic": seen["id"], "district_id": "north", "name": "Riders"}
    assert audited(world, "tactic.") == [
        ("sam", "tactic.share", tactic | {"rule": rule, "version": 1}),
        ("sue", "tactic.remove", tactic),
    ]


@pytest.mark.anyio
async def test_a_rule_is_taken_along_as_a_file_and_cameras_that_are_not_there_are_named(
    world: World, places: httpx.AsyncClient
) -> None:
    rule = (await places.post("/api/rules", json=TACTIC)).json()
    answer = await places.get(f"/api/rules/{rule['id']}/versions/1/file")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="rule-{rule["id"]}-1.json"'
    file = answer.json()
    assert (file["format"], file["version"]) == ("wayside-rule", 1)
    made = await places.post("/api/rules/import", json=file)
    assert (made.status_code, made.json()["on_version"], made.json()["text"]) == (201, None, rule["text"])
    gone = file | {"text": file["text"] | {"cameras": [PLACE, GONE, f"{AGENT}/cam-8"]}}
    refused = await places.post("/api/rules/import", json=gone)
    assert code(refused) == (409, "missing_cameras")
    assert f"{GONE}, {AGENT}/cam-8." in refused.json()["message"]
    async with logged_in(world, "tom") as tom:  # one out of sight is like one that is not there
        assert code(await tom.post("/api/rules/import", json=file)) == (409, "missing_cameras")
    for wrong in ({"version": 2}, {"format": "x"}, {"more": 1}, {"text": None}):
        assert code(await places.post("/api/rules/import", json=file | wrong)) == (422, "invalid_request")
    deep = json.dumps(file).replace(
        json.dumps(file["text"]["what"]["when"]), '{"op":"not","of":' * 40 + "{}" + "}" * 40
    )
    for nested in (deep, "[" * 60_000):
        answer = await places.post("/api/rules/import", content=nested, headers={"Content-Type": "application/json"})
        assert code(answer) == (422, "invalid_request")
    actions = [(actor, action) for actor, action, _ in audited(world, "rule.")]
    assert actions == [(USERNAME, "rule.create"), (USERNAME, "rule.export"), (USERNAME, "rule.import")]


VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
GOOD: Final = RuleFile(text=RuleText.model_validate(TACTIC))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield from paths(each, (*path, key))


PATHS: Final = tuple(paths(GOOD.model_dump(mode="json")))


def put(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    if not path:
        return other
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], other)
    return copy


@given(path=st.sampled_from(PATHS), other=VALUES, noise=st.binary(max_size=40), at=st.integers(0, 400))
@example(path=("text",), other=None, noise=b"[" * 100_000, at=0)
@example(path=("text",), other=None, noise=b"x" * MAX_FILE, at=0)
@example(path=("text", "what", "when", "of"), other=[GOOD.model_dump(mode="json")], noise=b"", at=0)
def test_whatever_is_in_a_file_it_is_a_rule_or_refused(
    path: tuple[str | int, ...], other: Any, noise: bytes, at: int
) -> None:
    said = json.dumps(put(GOOD.model_dump(mode="json"), path, other)).encode()
    for content in (said, said[:at] + noise + said[at:], noise):
        try:
            found = read_rule_file(content)
        except RuleFileError:
            continue
        assert read_rule_file(RuleFile(text=found).model_dump_json().encode()) == found


@pytest.mark.anyio
async def test_a_preview_names_what_has_gone(station: Station) -> None:
    """A zone that the agent's configuration no longer has, and a camera that another agent has now."""
    when = {"op": "and", "of": [TRUCK, CROSSED, RIDER]}
    what = text({"kind": "composed", "when": when}, cameras=[PLACE, OTHER, GONE])
    inside = machine(0.2, motion=motion(90, zones={"bay": 3.0}, crossed=(("stop", "left"),)))
    renamed = machine(0.2, motion=motion(90, zones={"bay 2": 3.0}, crossed=(("stop", "left"),)))
    for camera, each in (("cam-1", inside), ("cam-2", renamed)):
        station.archive.add(row(each, camera=camera, at_ms=NOW_MS - 60_000, key=camera), b"")
    rules = station.room.rules
    view = rules.create(what, actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert [(each.camera, each.name) for each in preview.unseen] == [(OTHER, "bay")]
    assert preview.silent == (GONE,)
    everywhere = rules.create(text({"kind": "line_crossing", "line": "kerb"}), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(everywhere.id, 1, actor="anna", sight=EVERYWHERE)
    assert [(each.camera, each.name) for each in preview.unseen] == [("", "kerb")]


@pytest.mark.anyio
async def test_a_preview_of_ten_million_rows_ends_with_as_many_as_it_may_read(station: Station) -> None:
    def endless() -> Response:
        number = len(station.archive.asked)
        rows = [
            row(machine(0.2), at_ms=NOW_MS - 1000 * (200 * number + each), key=f"{number}-{each}")
            for each in range(200)
        ]
        page = ObservationPage(items=tuple(rows), next_cursor=f"{number}")
        return JSONResponse(page.model_dump(mode="json"))

    room = station.room
    view = room.rules.create(text(WHAT | {"when": RIDER}, cameras=[PLACE]), actor="anna", sight=EVERYWHERE)
    station.archive.answer = endless
    previews = RulePreviews(
        room.previews._search, station.audit, room.rules, tuple, station.clock, max_share=0.5, max_rows=2000
    )
    preview = await previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.complete, len(station.archive.asked)) == (2000, False, 10)
    assert (preview.matched, preview.too_broad) == (2000, True)
