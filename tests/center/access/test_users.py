"""Accounts: made, given roles, disabled; and that somebody is always left who may undo it."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, text

from center.access.errors import (
    DistrictInUseError,
    DistrictTakenError,
    LastAdministratorError,
    UnknownDistrictError,
    UserTakenError,
)
from center.access.login_throttle import Throttle
from center.access.permissions import Role
from center.access.users import GrantRequest
from center.database.store import Store
from center.errors import LockedOutError, NotLoggedInError, UnknownUserError
from tests.center.conftest import BOTH, PASSWORD, USERNAME, Clock, World

pytestmark = pytest.mark.anyio


async def _get(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    return await browser.get(f"/api{path}")


async def test_the_first_account_is_administrator_everywhere(user: httpx.AsyncClient) -> None:
    me = (await _get(user, "/me")).json()
    assert me["grants"] == [{"role": "administrator", "district_id": None, "case_id": None}]
    assert {"user.edit", "audit.view", "observation.search"} <= set(me["permissions"])


async def test_an_account_is_made_and_given_what_it_may_do(world: World, user: httpx.AsyncClient) -> None:
    made = await user.post("/api/districts", json={"district_id": "north", "name": "北区"})
    assert made.status_code == 201
    cameras = [{"agent_id": "cabinet-7", "camera_id": "cam-1"}]
    assert (await user.put("/api/districts/north/cameras", json=cameras)).json()["cameras"] == cameras
    body = {"username": "Ana", "password": PASSWORD, "grants": [{"role": "operator", "district_id": "north"}]}
    answer = await user.post("/api/users", json=body)
    assert answer.status_code == 201
    assert answer.json()["username"] == "ana"
    grants = [{"role": "analyst", "district_id": "north"}, {"role": "auditor"}, {"role": "auditor"}]
    shown = (await user.put("/api/users/ana/grants", json=grants)).json()
    assert [(grant["role"], grant["district_id"]) for grant in shown["grants"]] == [
        ("analyst", "north"),
        ("auditor", None),
    ]
    assert [each["username"] for each in (await _get(user, "/users")).json()] == ["ana", USERNAME]
    said = {(entry.action, entry.detail) for entry in world.services.audit.page(limit=100)}
    assert ("user.grants", '{"grants": ["analyst@north", "auditor", "auditor"], "user": "ana"}') in said
    assert (
        "district.camera.added",
        '{"agent_id": "cabinet-7", "camera_id": "cam-1", "district_id": "north"}',
    ) in said
    assert all(PASSWORD not in detail for _, detail in said)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/users", {"username": USERNAME, "password": PASSWORD}, 409, "user_taken"),
        ("POST", "/users", {"username": "a b", "password": PASSWORD}, 422, "bad_username"),
        ("POST", "/users", {"username": "ana", "password": "short"}, 422, "weak_password"),
        (
            "POST",
            "/users",
            {"username": "ana", "password": PASSWORD, "grants": [{"role": "analyst", "district_id": "nowhere"}]},
            404,
            "unknown_district",
        ),
        (
            "POST",
            "/users",
            {"username": "ana", "password": PASSWORD, "grants": [{"role": "god"}]},
            422,
            "invalid_request",
        ),
        ("PUT", "/users/nobody/grants", [{"role": "analyst"}], 404, "unknown_user"),
        ("PUT", "/users/%00/grants", [], 404, "not_found"),
        ("POST", "/users/nobody/disable", None, 404, "unknown_user"),
        ("PUT", f"/users/{USERNAME}/grants", [{"role": "analyst"}], 409, "last_administrator"),
        ("PUT", f"/users/{USERNAME}/grants", [], 409, "last_administrator"),
        ("POST", f"/users/{USERNAME}/disable", None, 409, "last_administrator"),
        ("POST", "/districts", {"district_id": "A B", "name": "x"}, 422, "invalid_request"),
        ("PUT", "/districts/nowhere/cameras", [], 404, "unknown_district"),
        ("DELETE", "/districts/nowhere", None, 404, "unknown_district"),
        ("GET", "/districts/nowhere", None, 404, "unknown_district"),
        ("DELETE", f"/users/{USERNAME}/tokens/0123456789abcdef", None, 404, "unknown_token"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    world: World, user: httpx.AsyncClient, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = await user.request(method, f"/api{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert world.services.users.get(USERNAME).given == (GrantRequest(Role.ADMINISTRATOR),)


async def test_an_administrator_of_one_district_does_not_stand_in_for_the_last(
    world: World, user: httpx.AsyncClient
) -> None:
    services = world.services
    services.districts.create("north", "North", actor=USERNAME)
    services.users.add("ana", PASSWORD, [GrantRequest(Role.ADMINISTRATOR, "north")], actor=USERNAME)
    assert (await user.put(f"/api/users/{USERNAME}/grants", json=[])).json()["code"] == "last_administrator"
    services.users.add("bo", PASSWORD, [GrantRequest(Role.ADMINISTRATOR)], actor=USERNAME)
    services.users.set_disabled("bo", disabled=True, actor=USERNAME)
    assert (await user.put(f"/api/users/{USERNAME}/grants", json=[])).json()["code"] == "last_administrator"
    services.users.set_disabled("bo", disabled=False, actor=USERNAME)
    assert (await user.put(f"/api/users/{USERNAME}/grants", json=[])).status_code == 200
    assert (await _get(user, "/users")).status_code == 403


@BOTH
async def test_of_two_administrators_who_demote_one_another_one_stays(world: World) -> None:
    world.make_account()
    users = world.services.users
    users.add("bo", PASSWORD, [GrantRequest(Role.ADMINISTRATOR)], actor=USERNAME)
    for _ in range(5):
        outcomes: list[str] = []

        def demote(name: str, outcomes: list[str] = outcomes) -> None:
            try:
                users.set_grants(name, [GrantRequest(Role.ANALYST)], actor="-")
                outcomes.append("demoted")
            except LastAdministratorError:
                outcomes.append("refused")

        threads = [threading.Thread(target=demote, args=(name,)) for name in (USERNAME, "bo")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["demoted", "refused"]
        for name in (USERNAME, "bo"):
            users.set_grants(name, [GrantRequest(Role.ADMINISTRATOR)], actor="-")
    assert world.services.audit.verify().broken is None


async def test_a_disabled_account_is_out_at_once_and_cannot_come_back(world: World, user: httpx.AsyncClient) -> None:
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.OPERATOR)], actor=USERNAME)
    account = {"username": "ana", "password": PASSWORD}
    async with world.browser() as ana:
        assert (await ana.post("/api/login", json=account)).status_code == 200
        assert (await user.post("/api/users/ana/disable")).json()["disabled"] is True
        assert (await _get(ana, "/me")).status_code == 401
        refused = await ana.post("/api/login", json=account)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_credentials")
        await user.post("/api/users/ana/enable")
        assert (await ana.post("/api/login", json=account)).status_code == 200


async def test_somebody_who_looks_after_no_accounts_reaches_none_of_it(world: World, user: httpx.AsyncClient) -> None:
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.SUPERVISOR)], actor=USERNAME)
    async with world.browser() as ana:
        await ana.post("/api/login", json={"username": "ana", "password": PASSWORD})
        assert (await _get(ana, "/users")).status_code == 200
        for method, path in (
            ("PUT", "/users/ana/grants"),
            ("PUT", f"/users/{USERNAME}/password"),
            ("POST", "/users"),
            ("POST", "/districts"),
            ("POST", f"/users/{USERNAME}/disable"),
        ):
            answer = await ana.request(method, f"/api{path}", json=[])
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert (await _get(user, "/me")).status_code == 200


async def test_a_password_is_changed_by_who_knows_it_and_by_the_administrator(
    world: World, user: httpx.AsyncClient
) -> None:
    body = {"password": "not this one at all", "new_password": "eight dry umbrellas"}
    assert (await user.post("/api/account/password", json=body)).status_code == 401
    assert (await user.post("/api/account/password", json=body | {"password": PASSWORD})).status_code == 204
    assert (await _get(user, "/me")).status_code == 401
    account = {"username": USERNAME, "password": "eight dry umbrellas"}
    assert (await user.post("/api/login", json=account)).status_code == 200
    world.services.users.add("ana", PASSWORD, [], actor=USERNAME)
    answer = await user.put("/api/users/ana/password", json={"password": "nine torn umbrellas"})
    assert answer.status_code == 204
    assert world.services.auth.login(username="ana", password="nine torn umbrellas", source="-")
    entry = next(entry for entry in world.services.audit.page(limit=100) if entry.action == "password.reset")
    assert (entry.actor, entry.detail) == (USERNAME, '{"user": "ana"}')


async def test_a_district_in_use_stays(world: World) -> None:
    world.make_account()
    services = world.services
    services.districts.create("north", "North", actor=USERNAME)
    with pytest.raises(DistrictTakenError):
        services.districts.create("north", "North again", actor=USERNAME)
    services.users.add("ana", PASSWORD, [GrantRequest(Role.ANALYST, "north")], actor=USERNAME)
    with pytest.raises(DistrictInUseError):
        services.districts.remove("north", actor=USERNAME)
    services.users.set_grants("ana", [], actor=USERNAME)
    services.districts.remove("north", actor=USERNAME)
    with pytest.raises(UnknownDistrictError):
        services.districts.get("north")


async def test_what_fails_leaves_no_word_in_the_audit(world: World) -> None:
    world.make_account()
    before = world.services.audit.page(limit=1)[0].sha256
    with pytest.raises(UserTakenError):
        world.services.users.add(USERNAME, PASSWORD, [], actor="-")
    with pytest.raises(UnknownUserError):
        world.services.users.set_grants("nobody", [], actor="-")
    with pytest.raises(LastAdministratorError):
        world.services.users.set_grants(USERNAME, [], actor="-")
    assert world.services.audit.page(limit=1)[0].sha256 == before


# --- Failures are counted in the database -----------------------------------------------------------------------------


@BOTH
async def test_a_restart_forgets_no_failure(world: World, database: Path | URL) -> None:
    clock = Clock()
    for _ in range(5):
        Throttle(world.store, "account", failures=5, window_s=300, now_ms=clock).attempt("ada")
    again = Store(database)
    throttle = Throttle(again, "account", failures=5, window_s=300, now_ms=clock)
    with pytest.raises(LockedOutError):
        throttle.attempt("ada")
    Throttle(again, "address", failures=5, window_s=300, now_ms=clock).attempt("ada")
    clock.now_ms += 300_000
    throttle.attempt("ada")
    again.close()


@BOTH
async def test_guesses_at_once_are_counted_one_by_one(store: Store) -> None:
    throttle = Throttle(store, "account", failures=5, window_s=300, now_ms=Clock())
    let_through: list[int] = []

    def guess() -> None:
        try:
            throttle.attempt("ada")
            let_through.append(1)
        except LockedOutError:
            return

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_through) == 5


async def test_counts_are_bounded_and_old_ones_go(store: Store) -> None:
    clock = Clock()
    throttle = Throttle(store, "address", failures=5, window_s=300, now_ms=clock, capacity=10)
    for number in range(30):
        clock.now_ms += 1
        throttle.attempt(f"192.0.2.{number}")
    with store.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM attempts")) == 11  # the newest came after the count
    clock.now_ms += 400_000
    throttle.attempt("one more")
    with store.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM attempts")) == 1


@pytest.fixture
async def ana(world: World, user: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Logged in beside the administrator."""
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.AUDITOR)], actor=USERNAME)
    async with world.browser() as browser:
        await browser.post("/api/login", json={"username": "ana", "password": PASSWORD})
        yield browser


async def test_the_auditor_reads_and_verifies_and_is_written_down(world: World, ana: httpx.AsyncClient) -> None:
    rows = (await _get(ana, "/audit?action=user.")).json()
    assert {row["action"] for row in rows} == {"user.add"}
    assert (await _get(ana, f"/audit?before={rows[-1]['number']}&actor={USERNAME}&limit=1")).json()
    finding = (await _get(ana, "/audit/verify")).json()
    assert finding["broken"] is None
    assert "No signed daily head" in finding["summary"]
    export = await _get(ana, "/audit/export")
    assert export.text.count("\n") == finding["entries"] + 3
    newest = [entry.action for entry in world.services.audit.page(limit=4)]
    assert newest == ["audit.export", "audit.verify", "audit.view", "audit.view"]
    for bad in ("limit=0", "limit=501", "before=0", "from_ms=-1", "actor=" + "x" * 65):
        assert (await _get(ana, f"/audit?{bad}")).status_code == 422


async def test_a_session_of_a_stolen_cookie_gives_no_second_life(world: World, ana: httpx.AsyncClient) -> None:
    token = ana.cookies["wayside_session"]
    await ana.post("/api/logout")
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(token)
