"""What somebody may not see answers like what is not there, and searches never reach past it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from center.access.permissions import EVERYWHERE, CameraKey, Permission, Role, Scope
from center.access.route_permissions import RoutePermissions, RouteRule, UndeclaredRouteError, needs
from center.access.users import GrantRequest
from center.app import unguarded
from center.cases.states import Act
from center.cases.terms import CaseTerms
from center.errors import TooManyCamerasError
from center.search.client import Filters
from provisioning.contracts import ids
from provisioning.contracts.query.archive import Observation
from tests.center.cases.conftest import terms
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status, heartbeat

pytestmark = pytest.mark.anyio

OTHER = "cabinet-9"
ANALYST = "ana"


def _of_another_agent(row: Observation) -> Observation:
    """The same camera id, at another agent."""
    snapshot = row.snapshot
    key = ids.row_key(OTHER, snapshot.observation_id)
    return row.model_copy(
        update={
            "snapshot": snapshot.model_copy(update={"agent_id": OTHER, "row_key": key}),
            "machines": tuple(machine.model_copy(update={"row_key": key}) for machine in row.machines),
        }
    )


@pytest.fixture
async def analyst(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Logged in, with a role in a district of one camera: `cam-1` of `AGENT`."""
    world.make_account()
    services = world.services
    services.districts.create("north", "North", actor=USERNAME)
    services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1")], actor=USERNAME)
    services.users.add(ANALYST, PASSWORD, [GrantRequest(Role.ANALYST, "north")], actor=USERNAME)
    for camera in ("cam-1", "cam-2"):
        services.devices.changed(camera_status(camera))
        services.devices.changed(camera_status(camera).model_copy(update={"agent_id": OTHER}))
    services.devices.heard(heartbeat())
    services.devices.heard(heartbeat().model_copy(update={"agent_id": OTHER}))
    world.archive.fill(12)
    row, jpeg = observation("cam-1", NOW_MS - 10_000, 77)
    world.archive.add(_of_another_agent(row), jpeg)
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": ANALYST, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser


async def test_a_search_is_narrowed_where_the_archive_is_asked(world: World, analyst: httpx.AsyncClient) -> None:
    page = (await analyst.get("/api/observations?limit=5")).json()
    assert [(item["agent_id"], item["camera_id"]) for item in page["items"]] == [(AGENT, "cam-1")] * 5
    more = (await analyst.get("/api/observations", params={"limit": 5, "cursor": page["next_cursor"]})).json()
    assert [(item["agent_id"], item["camera_id"]) for item in more["items"]] == [(AGENT, "cam-1")]
    assert more["next_cursor"] is None


@pytest.mark.parametrize("camera_id", ["cam-2", "nowhere"])
async def test_a_filter_for_a_camera_out_of_sight_finds_what_a_made_up_one_finds(
    world: World, analyst: httpx.AsyncClient, camera_id: str
) -> None:
    world.archive.asked.clear()
    answer = await analyst.get("/api/observations", params={"camera_id": camera_id})
    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})
    assert world.archive.asked == []
    assert world.services.audit.page(limit=1)[0].action == "observations.search"


async def test_rows_out_of_sight_are_not_there(world: World, analyst: httpx.AsyncClient) -> None:
    for row in world.archive.rows:
        snapshot = row.snapshot
        seen = (snapshot.agent_id, snapshot.camera_id) == (AGENT, "cam-1")
        key = snapshot.row_key
        for tail in ("", "/picture", "/picture?max_side_px=64", "/machines/0/crop"):
            answer = await analyst.get(f"/api/observations/{key}{tail}")
            if seen:
                assert answer.status_code == 200, tail
            else:
                absent = await analyst.get(f"/api/observations/{AGENT}:{'0' * 32}{tail}")
                assert answer.status_code == absent.status_code == 404, tail
                assert answer.json() == {
                    **absent.json(),
                    "message": absent.json()["message"].replace(f"{AGENT}:{'0' * 32}", key),
                }


async def test_an_archive_that_does_not_narrow_gives_nothing_away(world: World, analyst: httpx.AsyncClient) -> None:
    world.archive.knows_sources = False
    page = (await analyst.get("/api/observations?limit=50")).json()
    assert {(item["agent_id"], item["camera_id"]) for item in page["items"]} == {(AGENT, "cam-1")}


async def test_devices_out_of_sight_are_not_there(analyst: httpx.AsyncClient) -> None:
    cameras = (await analyst.get("/api/cameras")).json()
    assert [(camera["agent_id"], camera["camera_id"]) for camera in cameras] == [(AGENT, "cam-1")]
    assert [agent["agent_id"] for agent in (await analyst.get("/api/agents")).json()] == [AGENT]
    assert (await analyst.get(f"/api/cameras/{AGENT}/cam-1")).status_code == 200
    hidden, absent = await analyst.get(f"/api/cameras/{OTHER}/cam-1"), await analyst.get("/api/cameras/nobody/cam-1")
    assert (hidden.status_code, hidden.json()) == (absent.status_code, absent.json())
    assert hidden.status_code == 404


async def test_no_route_of_all_names_what_is_out_of_sight(world: World, analyst: httpx.AsyncClient) -> None:
    """Also routes that somebody adds tomorrow: every GET of the API that asks for no more than an address."""
    rules = RoutePermissions.of(world.application().routes).rules
    asked = [rule.path for rule in rules if rule.method == "GET" and "{" not in rule.path and "/api/" in rule.path]
    assert {"/api/observations", "/api/cameras", "/api/agents", "/api/districts"} <= set(asked)
    world.services.alarms.pushes.end()  # a stream says what it has and ends
    for path in asked:
        answer = await analyst.get(path)
        assert OTHER not in answer.text, path


async def test_a_camera_that_leaves_the_district_is_out_of_sight_at_once(
    world: World, analyst: httpx.AsyncClient
) -> None:
    world.services.districts.set_cameras("north", [CameraKey(OTHER, "cam-2")], actor=USERNAME)
    cameras = (await analyst.get("/api/cameras")).json()
    assert [(camera["agent_id"], camera["camera_id"]) for camera in cameras] == [(OTHER, "cam-2")]


async def test_a_role_in_one_case_opens_the_archive_as_far_as_that_case_reaches_where_it_is_named(
    world: World, analyst: httpx.AsyncClient
) -> None:
    row_keys = {row.snapshot.camera_id: row.snapshot.row_key for row in world.archive.rows}
    book = world.services.cases.book
    admin = world.services.auth.identify(analyst.cookies["wayside_session"])
    for number, camera in (("case-7", "cam-1"), ("case-8", "cam-1"), ("case-9", "cam-2")):
        said = CaseTerms.model_validate(terms(districts=[], cameras=[f"{AGENT}/{camera}"]))
        book.create(number, said, asker=admin, sight=EVERYWHERE)
        book.act(number, Act.REQUEST, version=1, asker=admin, sight=EVERYWHERE)
    other = replace(admin, username="sue")
    for number in ("case-7", "case-9"):
        book.act(number, Act.APPROVE, version=1, asker=other, sight=EVERYWHERE)
    given = [GrantRequest(Role.ANALYST, None, number) for number in ("case-7", "case-8")]
    world.services.users.set_grants(ANALYST, given, actor=USERNAME)
    for path in ("/api/observations", f"/api/observations/{row_keys['cam-1']}"):
        assert (await analyst.get(path)).status_code == 403
        assert (await analyst.get(f"{path}?case_id=case-9")).status_code == 403, "somebody else's case"
    assert (await analyst.get(f"/api/observations/{row_keys['cam-1']}?case_id=case-7")).status_code == 200
    assert (await analyst.get(f"/api/observations/{row_keys['cam-2']}?case_id=case-7")).status_code == 404
    found = (await analyst.get("/api/observations?case_id=case-7")).json()["items"]
    assert {(each["agent_id"], each["camera_id"]) for each in found} == {(AGENT, "cam-1")}
    assert (await analyst.get("/api/observations?case_id=case-8")).json()["items"] == [], "not approved"


async def test_more_cameras_than_one_question_can_name_are_said_so(world: World, analyst: httpx.AsyncClient) -> None:
    many = Scope(cameras=frozenset(CameraKey(f"cabinet-{number}", "3" * 20) for number in range(1500)))
    with pytest.raises(TooManyCamerasError):
        await world.services.search.observations(Filters(), actor="x", sight=many)
    assert "too_many_cameras" in str((await analyst.get("/api/openapi.json")).json())


async def test_what_a_role_does_not_have_is_refused_by_name(analyst: httpx.AsyncClient) -> None:
    for path, permission in (
        ("/api/users", "user.view"),
        ("/api/audit", "audit.view"),
        ("/api/health/details", "health"),
    ):
        answer = await analyst.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert permission in answer.json()["message"]


async def test_an_address_that_is_none_is_not_found_whatever_its_method(user: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/api/nothing"), ("PATCH", "/api/me"), ("GET", "/api/observations/"), ("PUT", "/x")):
        answer = await user.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


# --- The table that the guard reads ---------------------------------------------------------------------------------


def _rules() -> tuple[RouteRule, ...]:
    return RoutePermissions.of(unguarded().routes).rules


def test_every_route_of_the_whole_application_has_a_rule() -> None:
    rules = _rules()
    known = {(rule.method, rule.path) for rule in rules}
    for method, path in (
        ("GET", "/api/observations/{row_key}/picture"),
        ("PUT", "/api/users/{username}/grants"),
        ("GET", "/live"),
        ("*", "/_nicegui_ws/{path:path}"),
    ):
        assert (method, path) in known
    opened = {(rule.method, rule.path) for rule in rules if rule.permission is None}
    assert len(opened) == 12
    assert ("GET", "/static/{path:path}") in opened


@pytest.mark.parametrize("place", ["api", "console"])
def test_a_route_without_a_permission_keeps_the_centre_from_starting(place: str) -> None:
    whole = unguarded()
    app = whole if place == "console" else next(r.app for r in whole.routes if getattr(r, "path", "") == "/api")  # type: ignore[attr-defined]
    app.get("/forgotten")(lambda: "secret")
    with pytest.raises(UndeclaredRouteError, match=r"GET .*/forgotten"):
        RoutePermissions.of(whole.routes)


def test_an_included_router_is_found_under_its_prefix() -> None:
    inner, app = APIRouter(prefix="/inner"), FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inner.get("/leaf", openapi_extra=needs(Permission.AUDIT_VIEW))(lambda: "leaf")
    app.include_router(inner, prefix="/outer")
    found = RoutePermissions.of(app.routes).find_rule("GET", "/outer/inner/leaf")
    assert found is not None
    assert found.permission is Permission.AUDIT_VIEW


def test_a_kind_of_route_that_nobody_knows_is_refused() -> None:
    class Strange(BaseRoute):
        path = "/strange"

    with pytest.raises(AttributeError):
        RoutePermissions.of([Strange()])


@pytest.mark.parametrize(
    "path",
    [
        "/api/audit/",
        "//api/audit",
        "/api//audit",
        "/api/audit\n",
        "/api/Audit",
        "/api/health/../audit",
        "/api/users/a\nb",
        "/api/users/\0",
    ],
)
def test_an_address_in_disguise_has_no_rule(path: str) -> None:
    assert RoutePermissions.of(unguarded().routes).find_rule("GET", path) is None
