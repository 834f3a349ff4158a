"""API tokens: shown once, bounded by scopes and account, worth nothing once expired, revoked, forged or replayed."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from center.access.errors import TokenTooLongError, TooManyTokensError
from center.access.permissions import Permission, Role
from center.access.tokens import MAX_PER_USER, USED_EVERY_MS, Token, Tokens
from center.access.users import GrantRequest
from center.errors import NotLoggedInError
from tests.center.conftest import PASSWORD, USERNAME, World

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000
PROOF = {"password": PASSWORD}


async def _made(user: httpx.AsyncClient, *scopes: str, days: int = 30) -> tuple[str, str]:
    answer = await user.post("/api/account/tokens", json=PROOF | {"name": "script", "scopes": scopes, "days": days})
    assert answer.status_code == 201, answer.text
    return answer.json()["token"], answer.json()["about"]["token_id"]


async def _ask(world: World, path: str, token: str, *, scheme: str = "Bearer") -> httpx.Response:
    async with world.browser() as program:
        return await program.get(f"/api{path}", headers={"authorization": f"{scheme} {token}"})


async def test_a_token_opens_what_its_scopes_name_and_nothing_else(world: World, user: httpx.AsyncClient) -> None:
    token, token_id = await _made(user, "camera.view")
    assert (await _ask(world, "/cameras", token)).status_code == 200
    me = (await _ask(world, "/me", token)).json()
    assert (me["username"], me["token_id"], me["permissions"]) == (USERNAME, token_id, ["camera.view", "signed_in"])
    for path in ("/observations", "/users", "/audit", "/account/tokens"):
        refused = await _ask(world, path, token)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path


async def test_only_its_hash_is_kept_and_it_is_shown_once(world: World, user: httpx.AsyncClient) -> None:
    token, token_id = await _made(user, "camera.view")
    secret = token.rsplit("_", maxsplit=1)[-1]
    with world.store.transaction() as session:
        kept = session.scalars(select(Token)).one()
    assert secret not in str({**kept.__dict__})
    assert secret not in (await user.get("/api/account/tokens")).text
    assert secret not in "".join(entry.detail for entry in world.services.audit.page(limit=100))
    assert [each["token_id"] for each in (await user.get("/api/account/tokens")).json()] == [token_id]


async def test_an_expired_token_is_nobody(world: World, user: httpx.AsyncClient) -> None:
    token, _ = await _made(user, "camera.view", days=1)
    world.clock.now_ms += DAY_MS - 1
    assert (await _ask(world, "/cameras", token)).status_code == 200
    world.clock.now_ms += 1
    assert (await _ask(world, "/cameras", token)).status_code == 401


async def test_a_revoked_token_that_is_replayed_is_nobody(world: World, user: httpx.AsyncClient) -> None:
    token, token_id = await _made(user, "camera.view")
    assert (await _ask(world, "/cameras", token)).status_code == 200
    assert (await user.delete(f"/api/account/tokens/{token_id}")).status_code == 204
    assert (await user.delete(f"/api/account/tokens/{token_id}")).status_code == 204
    assert (await _ask(world, "/cameras", token)).status_code == 401


async def test_a_token_falls_with_its_account_and_shrinks_with_its_roles(world: World, user: httpx.AsyncClient) -> None:
    users, tokens = world.services.users, world.services.tokens
    account = users.add("ana", PASSWORD, [GrantRequest(Role.OPERATOR)], actor=USERNAME)
    _, token = tokens.create(
        account.user_id, account.access, name="x", scopes=[Permission.CAMERA_VIEW], days=1, actor="ana"
    )
    assert (await _ask(world, "/cameras", token)).status_code == 200
    users.set_grants("ana", [], actor=USERNAME)
    assert (await _ask(world, "/cameras", token)).status_code == 403
    users.set_disabled("ana", disabled=True, actor=USERNAME)
    assert (await _ask(world, "/cameras", token)).status_code == 401
    listed = (await user.get("/api/users/ana/tokens")).json()
    assert (await user.delete(f"/api/users/ana/tokens/{listed[0]['token_id']}")).status_code == 204


@pytest.mark.parametrize("scheme", ["Basic", "bearer2", "", "wayside"])
async def test_another_scheme_is_nobody(world: World, user: httpx.AsyncClient, scheme: str) -> None:
    token, _ = await _made(user, "camera.view")
    assert (await _ask(world, "/cameras", token, scheme=scheme)).status_code == 401


async def test_a_forged_secret_is_nobody(world: World, user: httpx.AsyncClient) -> None:
    token, token_id = await _made(user, "camera.view")
    other, _ = await _made(user, "camera.view")
    forged = f"wayside_{token_id}_{other.rsplit('_', maxsplit=1)[-1]}"
    for text in (token[:-1], token + "x", token.upper(), f"wayside_{token_id}_", forged, "", "null"):
        with pytest.raises(NotLoggedInError):
            world.services.tokens.identify(text)


@given(st.text(max_size=120))
def test_any_text_is_nobody(text: str) -> None:
    """What is no token is refused before the database is asked: there is none here."""
    with pytest.raises(NotLoggedInError):
        Tokens(None, None, lambda: 0).identify(text)  # type: ignore[arg-type]


async def test_a_token_beside_a_cookie_counts_alone(world: World, user: httpx.AsyncClient) -> None:
    token, _ = await _made(user, "camera.view")
    shown = {"authorization": f"Bearer {token}"}
    assert (await user.get("/api/users", headers=shown)).status_code == 403
    assert (await user.get("/api/users", headers={"authorization": "Bearer x"})).status_code == 401
    assert (await user.post("/api/logout", headers=shown)).status_code == 403
    assert (await user.get("/api/users")).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "days", "code"),
    [
        (["account.own"], 1, "bad_scope"),
        (["signed_in"], 1, "bad_scope"),
        (["camera.view", "account.own"], 1, "bad_scope"),
        ([], 1, "invalid_request"),
        (["root"], 1, "invalid_request"),
        (["camera.view"], 0, "invalid_request"),
        (["camera.view"], 367, "invalid_request"),
        (["camera.view"], 91, "token_too_long"),
    ],
)
async def test_a_token_that_may_not_be_is_refused(
    user: httpx.AsyncClient, scopes: list[str], days: int, code: str
) -> None:
    answer = await user.post("/api/account/tokens", json=PROOF | {"name": "x", "scopes": scopes, "days": days})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_nobody_makes_a_token_for_more_than_he_may(world: World) -> None:
    world.make_account()
    world.services.users.add("ana", PASSWORD, [GrantRequest(Role.AUDITOR)], actor=USERNAME)
    async with world.browser() as ana:
        await ana.post("/api/login", json={"username": "ana", "password": PASSWORD})
        body = PROOF | {"name": "x", "scopes": ["audit.view", "user.edit"]}
        refused = await ana.post("/api/account/tokens", json=body)
    assert (refused.status_code, "user.edit" in refused.json()["message"]) == (422, True)


async def test_it_says_when_it_was_last_used_to_the_minute(world: World, user: httpx.AsyncClient) -> None:
    token, _ = await _made(user, "camera.view")

    async def used() -> int | None:
        at_ms: int | None = (await user.get("/api/account/tokens")).json()[0]["used_at_ms"]
        return at_ms

    assert await used() is None
    await _ask(world, "/cameras", token)
    first = await used()
    assert first == world.clock.now_ms
    world.clock.now_ms += USED_EVERY_MS - 1
    await _ask(world, "/cameras", token)
    assert await used() == first
    world.clock.now_ms += 1
    await _ask(world, "/cameras", token)
    assert await used() == world.clock.now_ms


async def test_an_account_has_only_so_many(world: World) -> None:
    world.make_account()
    account = world.services.users.get(USERNAME)

    def make() -> None:
        world.services.tokens.create(
            account.user_id, account.access, name="x", scopes=[Permission.CAMERA_VIEW], days=1, actor="-"
        )

    for _ in range(MAX_PER_USER):
        make()
    with pytest.raises(TooManyTokensError):
        make()
    world.clock.now_ms += DAY_MS
    make()


async def test_the_audit_names_the_token_that_acted(world: World, user: httpx.AsyncClient) -> None:
    token, token_id = await _made(user, "observation.search")
    await _ask(world, "/observations", token)
    entry = world.services.audit.page(limit=1)[0]
    assert (entry.actor, entry.action) == (f"{USERNAME}:{token_id}", "observations.search")


@pytest.mark.parametrize("shown", [{}, {"password": ""}, {"password": "not this one at all"}])
async def test_a_token_is_made_by_who_has_the_password_and_not_the_session_alone(
    world: World, user: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    body = {"name": "x", "scopes": ["camera.view"]}
    refused = await user.post("/api/account/tokens", json=body | shown)
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_credentials")
    assert (await user.get("/api/account/tokens")).json() == []
    assert world.services.audit.page(limit=1)[0].action == "login.refused"


async def test_wrong_passwords_for_a_token_are_counted_like_those_of_log_ins(user: httpx.AsyncClient) -> None:
    body = {"name": "x", "scopes": ["camera.view"]}
    for _ in range(5):
        assert (await user.post("/api/account/tokens", json=body | {"password": "not this"})).status_code == 401
    assert (await user.post("/api/account/tokens", json=body | PROOF)).status_code == 429


async def test_a_token_lives_30_days_unless_said_otherwise_and_90_at_most(
    world: World, user: httpx.AsyncClient
) -> None:
    made = await user.post("/api/account/tokens", json=PROOF | {"name": "x", "scopes": ["camera.view"]})
    assert made.json()["about"]["expires_at_ms"] == world.clock.now_ms + 30 * DAY_MS
    longest = await user.post("/api/account/tokens", json=PROOF | {"name": "x", "scopes": ["camera.view"], "days": 90})
    assert longest.json()["about"]["expires_at_ms"] == world.clock.now_ms + 90 * DAY_MS


async def test_a_centre_may_have_its_tokens_live_shorter(world: World) -> None:
    world.make_account()
    account = world.services.users.get(USERNAME)
    tokens = Tokens(world.store, world.services.audit, world.clock, max_days=7)
    shown, _ = tokens.create(account.user_id, account.access, name="x", scopes=[Permission.CAMERA_VIEW], actor="-")
    assert shown.expires_at_ms == world.clock.now_ms + 7 * DAY_MS
    with pytest.raises(TokenTooLongError):
        tokens.create(account.user_id, account.access, name="x", scopes=[Permission.CAMERA_VIEW], days=8, actor="-")


async def _another(world: World) -> str:
    """A token of an account that nothing is changed of."""
    other = world.services.users.add("olga", PASSWORD, [GrantRequest(Role.OPERATOR)], actor=USERNAME)
    _, token = world.services.tokens.create(
        other.user_id, other.access, name="x", scopes=[Permission.CAMERA_VIEW], actor="olga"
    )
    return token


@pytest.mark.parametrize("kept", [False, True])
async def test_a_changed_password_ends_every_token_of_the_account_unless_they_are_to_stay(
    world: World, user: httpx.AsyncClient, *, kept: bool
) -> None:
    token, _ = await _made(user, "camera.view")
    await _made(user, "camera.view")
    other = await _another(world)
    body = {"password": PASSWORD, "new_password": "eight dry umbrellas"} | ({"end_tokens": False} if kept else {})
    assert (await user.post("/api/account/password", json=body)).status_code == 204
    assert (await _ask(world, "/cameras", token)).status_code == (200 if kept else 401)
    assert (await _ask(world, "/cameras", other)).status_code == 200
    ended = [entry for entry in world.services.audit.page(limit=100) if entry.action == "token.revoke_all"]
    assert [(entry.actor, entry.detail) for entry in ended] == (
        [] if kept else [(USERNAME, f'{{"count": 2, "user": "{USERNAME}"}}')]
    )


@pytest.mark.parametrize("kept", [False, True])
async def test_a_password_that_an_administrator_sets_ends_every_token_of_the_account(
    world: World, user: httpx.AsyncClient, *, kept: bool
) -> None:
    token = await _another(world)
    mine, _ = await _made(user, "camera.view")
    body = {"password": "nine torn umbrellas"} | ({"end_tokens": False} if kept else {})
    assert (await user.put("/api/users/olga/password", json=body)).status_code == 204
    assert (await _ask(world, "/cameras", token)).status_code == (200 if kept else 401)
    assert (await _ask(world, "/cameras", mine)).status_code == 200
    ended = [entry for entry in world.services.audit.page(limit=100) if entry.action == "token.revoke_all"]
    assert [(entry.actor, entry.detail) for entry in ended] == (
        [] if kept else [(USERNAME, '{"count": 1, "user": "olga"}')]
    )
