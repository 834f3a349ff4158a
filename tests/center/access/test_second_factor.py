"""The second factor: codes of RFC 6238, each good once; recovery codes; and a console that asks for them."""

import base64
import stat

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from center.access.errors import SecondFactorKeyError, SecondFactorNeededError
from center.access.second_factor import KEY, RECOVERY_CODES, STEP_S, SecondFactorRecord, matching_step
from center.app import application
from center.errors import BadCredentialsError, LockedOutError, NotLoggedInError
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.support import authenticator
from tests.support.power_cut import Disk

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_appendix_b(at_s: int, expected: str) -> None:
    """Its vectors have eight digits, ours are their last six."""
    secret = b"12345678901234567890"
    assert matching_step(secret, expected[-6:], now_ms=at_s * 1000) == at_s // STEP_S
    assert matching_step(secret, expected, now_ms=at_s * 1000) is None


@given(st.binary(min_size=20, max_size=20), st.integers(90, 4_000_000_000))
def test_a_code_is_good_for_a_step_either_side(secret: bytes, at_s: int) -> None:
    step = at_s // STEP_S
    codes = {each: _shown(secret, each) for each in range(step - 2, step + 3)}
    good = set(list(codes.values())[1:4])
    for code in codes.values():
        found = matching_step(secret, code, now_ms=at_s * 1000)
        assert (found is not None) is (code in good)
        assert found is None or codes[found] == code


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_none(text: str) -> None:
    found = matching_step(b"x" * 20, text, now_ms=0)
    assert (found is not None) is (text in {_shown(b"x" * 20, step) for step in (0, 1)})


def _shown(secret: bytes, step: int) -> str:
    return authenticator.code(base64.b32encode(secret).decode(), step * STEP_S)


def _code(world: World, secret: str) -> str:
    return authenticator.code(secret, world.clock.now_ms // 1000)


async def _switched_on(world: World, user: httpx.AsyncClient) -> tuple[str, list[str]]:
    """The secret, and the recovery codes. The clock has gone on, so that the next code is another."""
    begun = (await user.post("/api/account/second-factor", json={"password": PASSWORD})).json()
    label, parameters = authenticator.scanned(begun["address"])
    assert label == f"Wayside:{USERNAME}"
    right = {"secret": begun["secret"], "issuer": "Wayside", "algorithm": "SHA1", "digits": "6", "period": "30"}
    assert parameters == right
    answer = await user.post("/api/account/second-factor/confirm", json={"code": _code(world, begun["secret"])})
    assert answer.status_code == 200, answer.text
    world.clock.now_ms += 2 * STEP_S * 1000
    return begun["secret"], answer.json()["recovery_codes"]


async def test_once_it_is_on_a_password_alone_opens_nothing(world: World, user: httpx.AsyncClient) -> None:
    secret, _ = await _switched_on(world, user)
    account = {"username": USERNAME, "password": PASSWORD}
    async with world.browser() as other:
        asked = await other.post("/api/login", json=account)
        assert (asked.status_code, asked.json()["code"]) == (401, "second_factor_needed")
        assert "set-cookie" not in asked.headers
        wrong = await other.post("/api/login", json=account | {"one_time_code": "000000"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "bad_credentials")
        assert (
            await other.post("/api/login", json=account | {"one_time_code": _code(world, secret)})
        ).status_code == 200
        assert (await other.get("/api/me")).status_code == 200


async def test_a_code_that_is_replayed_is_refused(world: World, user: httpx.AsyncClient) -> None:
    secret, _ = await _switched_on(world, user)
    code = _code(world, secret)
    auth = world.services.auth
    assert auth.login(username=USERNAME, password=PASSWORD, source="-", code=code)
    with pytest.raises(BadCredentialsError):
        auth.login(username=USERNAME, password=PASSWORD, source="-", code=code)
    world.clock.now_ms += STEP_S * 1000
    assert auth.login(username=USERNAME, password=PASSWORD, source="-", code=_code(world, secret))
    with pytest.raises(BadCredentialsError):
        auth.login(username=USERNAME, password=PASSWORD, source="-", code=code)


async def test_guessing_codes_locks_the_account_even_with_the_password(world: World, user: httpx.AsyncClient) -> None:
    await _switched_on(world, user)
    auth = world.services.auth
    for number in range(5):
        with pytest.raises(SecondFactorNeededError):
            auth.login(username=USERNAME, password=PASSWORD, source=f"192.0.2.{number}")
        with pytest.raises(BadCredentialsError):
            auth.login(username=USERNAME, password=PASSWORD, source=f"192.0.2.{number}", code="abcdef")
    with pytest.raises(LockedOutError):
        auth.login(username=USERNAME, password=PASSWORD, source="192.0.2.99", code="abcdef")


async def test_a_recovery_code_is_good_once(world: World, user: httpx.AsyncClient) -> None:
    _, codes = await _switched_on(world, user)
    assert len(set(codes)) == RECOVERY_CODES
    auth = world.services.auth
    assert auth.login(username=USERNAME, password=PASSWORD, source="-", code=codes[0].upper().replace("-", " "))
    with pytest.raises(BadCredentialsError):
        auth.login(username=USERNAME, password=PASSWORD, source="-", code=codes[0])
    entry = next(
        entry for entry in world.services.audit.page(limit=100) if entry.action == "second_factor.recovery_code"
    )
    assert entry.detail == '{"left": 9}'


async def test_a_token_asks_for_a_code_where_there_is_a_second_factor(world: World, user: httpx.AsyncClient) -> None:
    secret, codes = await _switched_on(world, user)
    body = {"password": PASSWORD, "name": "x", "scopes": ["camera.view"]}
    for shown, code in ((None, "second_factor_needed"), ("000000", "bad_credentials")):
        asked = await user.post("/api/account/tokens", json=body | ({"one_time_code": shown} if shown else {}))
        assert (asked.status_code, asked.json()["code"]) == (401, code)
    assert (await user.get("/api/account/tokens")).json() == []
    for good in (_code(world, secret), codes[0]):
        assert (await user.post("/api/account/tokens", json=body | {"one_time_code": good})).status_code == 201
        again = await user.post("/api/account/tokens", json=body | {"one_time_code": good})
        assert (again.status_code, again.json()["code"]) == (401, "bad_credentials")


@pytest.mark.parametrize("kept", [False, True])
async def test_a_new_second_factor_ends_every_token_of_the_account_unless_they_are_to_stay(
    world: World, user: httpx.AsyncClient, *, kept: bool
) -> None:
    body = {"password": PASSWORD, "name": "x", "scopes": ["camera.view"]}
    token = (await user.post("/api/account/tokens", json=body)).json()["token"]
    begun = (await user.post("/api/account/second-factor", json={"password": PASSWORD})).json()
    assert world.services.tokens.identify(token)
    wrong = {"code": "000000"} | ({"end_tokens": False} if kept else {})
    assert (await user.post("/api/account/second-factor/confirm", json=wrong)).status_code == 403
    assert world.services.tokens.identify(token)
    right = wrong | {"code": _code(world, begun["secret"])}
    assert (await user.post("/api/account/second-factor/confirm", json=right)).status_code == 200
    ended = [entry.detail for entry in world.services.audit.page(limit=100) if entry.action == "token.revoke_all"]
    assert ended == ([] if kept else [f'{{"count": 1, "user": "{USERNAME}"}}'])
    if kept:
        assert world.services.tokens.identify(token)
    else:
        with pytest.raises(NotLoggedInError):
            world.services.tokens.identify(token)


async def test_a_secret_counts_only_once_it_was_confirmed(world: World, user: httpx.AsyncClient) -> None:
    assert (await user.post("/api/account/second-factor", json={"password": "x"})).status_code == 401
    begun = (await user.post("/api/account/second-factor", json={"password": PASSWORD})).json()
    for code in ("000000", "", "1" * 33):
        answer = await user.post("/api/account/second-factor/confirm", json={"code": code})
        assert answer.status_code in {403, 422}
    assert world.services.auth.login(username=USERNAME, password=PASSWORD, source="-")
    again = (await user.post("/api/account/second-factor", json={"password": PASSWORD})).json()
    assert again["secret"] != begun["secret"]
    old = await user.post("/api/account/second-factor/confirm", json={"code": _code(world, begun["secret"])})
    assert (old.status_code, old.json()["code"]) == (403, "wrong_code")


async def test_it_is_not_changed_behind_its_owners_back(world: World, user: httpx.AsyncClient) -> None:
    secret, _ = await _switched_on(world, user)
    assert (await user.post("/api/account/second-factor", json={"password": PASSWORD})).status_code == 409
    confirmed = await user.post("/api/account/second-factor/confirm", json={"code": _code(world, secret)})
    assert confirmed.status_code == 409
    assert (await user.post("/api/account/second-factor/remove", json={"password": "x"})).status_code == 401
    assert (await user.post("/api/account/second-factor/remove", json={"password": PASSWORD})).status_code == 204
    assert world.services.auth.login(username=USERNAME, password=PASSWORD, source="-")


async def test_the_administrator_takes_off_what_was_lost(world: World, user: httpx.AsyncClient) -> None:
    await _switched_on(world, user)
    assert (await user.get(f"/api/users/{USERNAME}")).json()["second_factor"] is True
    assert (await user.delete(f"/api/users/{USERNAME}/second-factor")).status_code == 204
    assert (await user.get(f"/api/users/{USERNAME}")).json()["second_factor"] is False
    assert world.services.auth.login(username=USERNAME, password=PASSWORD, source="-")


async def test_the_key_that_secrets_are_sealed_with_is_on_the_disk_before_one_is(
    world: World, user: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    await _switched_on(world, user)
    assert disk.has(world.code_file.parent / KEY)
    assert disk.has(world.code_file.parent)


async def test_the_database_alone_makes_no_codes(world: World, user: httpx.AsyncClient) -> None:
    secret, codes = await _switched_on(world, user)
    key_file = world.code_file.parent / KEY
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    with world.store.transaction() as session:
        kept = session.scalars(select(SecondFactorRecord)).one().secret
    assert base64.b32decode(secret).hex() not in kept
    key_file.write_text("ab" * 32)
    with pytest.raises(SecondFactorKeyError, match="does not belong"):
        world.services.auth.login(username=USERNAME, password=PASSWORD, source="-", code="123456")
    key_file.chmod(0o644)
    async with world.browser() as other:
        account = {"username": USERNAME, "password": PASSWORD, "one_time_code": codes[0]}
        answer = await other.post("/api/login", json=account)
    assert (answer.status_code, answer.json()["code"]) == (503, "second_factor_key")


async def test_the_console_asks_for_the_code_when_it_is_needed(world: World, user: httpx.AsyncClient) -> None:
    secret, _ = await _switched_on(world, user)
    async with world.browser(application(world.services)) as browser:
        account = {"username": USERNAME, "password": PASSWORD}
        assert "one_time_code" not in (await browser.get("/login")).text
        asked = await browser.post("/login", data=account)
        assert asked.status_code == 401
        assert 'name="one_time_code"' in asked.text
        assert PASSWORD not in asked.text
        again = await browser.post("/login", data=account | {"one_time_code": "000000"})
        assert 'name="one_time_code"' in again.text
        done = await browser.post("/login", data=account | {"one_time_code": _code(world, secret)})
        assert (done.status_code, done.headers["location"]) == (303, "/")
