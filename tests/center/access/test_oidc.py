"""Log-in by an identity provider: who gets in, and every token, state and code that proves nothing."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.responses import JSONResponse, Response
from hypothesis import given
from hypothesis import strategies as st

from center.access.errors import ProviderRefusedError
from center.access.oidc import WAIT_MS, Oidc, _KeySet
from center.access.permissions import Role
from center.access.users import GrantRequest
from center.app import application
from provisioning.contracts.config.processes import OidcProvider
from tests.center.conftest import ORIGIN, PASSWORD, USERNAME, World
from tests.center.provider import CLIENT, ISSUER, KID, SECRET, Provider, public, rsa_key, unsigned

pytestmark = pytest.mark.anyio

BACK = "/login/provider/back"


@dataclass
class Desk:
    """A centre whose accounts a provider opens, and a browser before both."""

    world: World
    provider: Provider
    browser: httpx.AsyncClient

    async def go(self) -> dict[str, str]:
        """To the provider and through its log-in; gives what it sends back."""
        sent = await self.browser.get("/login/provider")
        assert sent.status_code == 303, sent.text
        return self.provider.authorize(sent.headers["location"])

    async def log_in(self) -> httpx.Response:
        return await self.browser.get(BACK, params=await self.go())


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    world.make_account()
    world.services.users.add("ana", None, [GrantRequest(Role.OPERATOR)], actor=USERNAME)
    provider = Provider(world.clock)
    settings = OidcProvider(name="County", issuer=ISSUER, client_id=CLIENT, redirect_url=f"https://centre.test{BACK}")
    oidc = Oidc(world.store, settings, SECRET, world.clock, transport=httpx.ASGITransport(app=provider.app))
    async with world.browser(application(replace(world.services, oidc=oidc))) as browser:
        yield Desk(world, provider, browser)


async def _refused(desk: Desk, answer: httpx.Response) -> None:
    assert answer.status_code in {403, 503}, answer.text
    assert "wayside_session" not in answer.headers.get("set-cookie", "")
    assert (await desk.browser.get("/api/me")).status_code == 401


async def test_who_the_provider_knows_gets_in_with_the_roles_of_this_centre(desk: Desk) -> None:
    login = await desk.browser.get("/login", headers={"accept-language": "en"})
    assert "Log in with County" in login.text
    answer = await desk.log_in()
    assert answer.status_code == 200
    assert 'content="0;url=/"' in answer.text
    me = (await desk.browser.get("/api/me")).json()
    assert (me["username"], [grant["role"] for grant in me["grants"]]) == ("ana", ["operator"])
    entry = desk.world.services.audit.page(limit=1)[0]
    assert (entry.actor, entry.action) == ("ana", "login")
    await desk.browser.post("/api/logout", headers={"origin": ORIGIN})
    assert (await desk.log_in()).status_code == 200


async def test_a_token_is_made_by_who_has_just_come_from_the_provider(desk: Desk) -> None:
    """There is no password here to ask for: a log-in of the last five minutes stands for it."""
    await desk.log_in()
    body = {"name": "board", "scopes": ["camera.view"]}
    desk.world.clock.now_ms += 300_000
    made = await desk.browser.post("/api/account/tokens", json=body, headers={"origin": ORIGIN})
    assert made.status_code == 201, made.text
    desk.world.clock.now_ms += 1
    for shown in ({}, {"password": PASSWORD}):
        late = await desk.browser.post("/api/account/tokens", json=body | shown, headers={"origin": ORIGIN})
        assert (late.status_code, late.json()["code"]) == (403, "stale_login")
    await desk.log_in()
    assert (await desk.browser.post("/api/account/tokens", json=body, headers={"origin": ORIGIN})).status_code == 201


async def test_an_answer_that_is_replayed_is_refused(desk: Desk) -> None:
    brought = await desk.go()
    cookie = desk.browser.cookies["wayside_provider"]
    assert (await desk.browser.get(BACK, params=brought)).status_code == 200
    desk.browser.cookies.clear()
    desk.browser.cookies.set("wayside_provider", cookie)
    await _refused(desk, await desk.browser.get(BACK, params=brought))


async def test_an_answer_to_another_browser_is_refused(desk: Desk) -> None:
    """Else somebody could log his victim in as himself."""
    brought = await desk.go()
    desk.browser.cookies.clear()
    await _refused(desk, await desk.browser.get(BACK, params=brought))
    other = await desk.go()
    await _refused(desk, await desk.browser.get(BACK, params=other | {"state": brought["state"]}))


async def test_a_log_in_that_took_too_long_is_over(desk: Desk) -> None:
    brought = await desk.go()
    desk.world.clock.now_ms += WAIT_MS
    await _refused(desk, await desk.browser.get(BACK, params=brought))


@pytest.mark.parametrize("change", [{"code": "made-up"}, {"code": ""}, {"state": ""}, {"state": "x" * 500}])
async def test_a_made_up_code_or_state_is_refused(desk: Desk, change: dict[str, str]) -> None:
    await _refused(desk, await desk.browser.get(BACK, params=await desk.go() | change))


def _by_shared_secret(provider: Provider, secret: bytes) -> Callable[[dict[str, Any]], str]:
    """HS256 over something that both sides know: the classical confusion of keys."""

    def sign(claims: dict[str, Any]) -> str:
        parts = ({"alg": "HS256", "kid": KID}, claims)
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        mac = base64.urlsafe_b64encode(hmac.digest(secret, text, hashlib.sha256)).rstrip(b"=")
        return (text + b"." + mac).decode()

    return sign


@pytest.mark.parametrize(
    "forgery",
    [
        "none",
        "None",
        "public key as secret",
        "client secret",
        "another key",
        "another name",
        "half",
        "no dots",
        "empty",
    ],
)
async def test_a_token_that_the_provider_did_not_sign_is_refused(desk: Desk, forgery: str) -> None:
    provider = desk.provider
    pem = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    other = rsa_key(1)
    true = provider.sign
    provider.sign = {
        "none": unsigned,
        "None": lambda claims: unsigned(claims).replace("bm9uZ", "Tm9uZ"),
        "public key as secret": _by_shared_secret(provider, pem),
        "client secret": _by_shared_secret(provider, SECRET.encode()),
        "another key": lambda claims: jwt.encode(claims, other, algorithm="RS256", headers={"kid": KID}),
        "another name": lambda claims: jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "x"}),
        "half": lambda claims: true(claims).rsplit(".", 1)[0] + ".",
        "no dots": lambda _claims: "token",
        "empty": lambda _claims: "",
    }[forgery]
    await _refused(desk, await desk.log_in())
    assert desk.world.services.audit.page(limit=1)[0].action != "login"


async def test_a_key_that_names_no_algorithm_verifies_each_that_is_allowed(desk: Desk) -> None:
    provider = desk.provider
    provider.keys = [public(provider.key) | {"kid": KID}]
    for algorithm in ("RS256", "PS256"):
        headers = {"kid": KID}
        provider.sign = partial(jwt.encode, key=provider.key, algorithm=algorithm, headers=headers)
        assert (await desk.log_in()).status_code == 200
        desk.browser.cookies.clear()
    provider.sign = partial(jwt.encode, key=provider.key, algorithm="RS512", headers={"kid": KID})
    await _refused(desk, await desk.log_in())


async def test_a_token_without_a_name_of_its_key_is_of_the_only_key_that_signs(desk: Desk) -> None:
    provider = desk.provider
    provider.sign = partial(jwt.encode, key=provider.key, algorithm="RS256")
    others = [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "new"},
        public(rsa_key(1)) | {"use": "enc"},
    ]
    provider.keys += others
    assert (await desk.log_in()).status_code == 200
    desk.browser.cookies.clear()
    provider.keys.append(public(rsa_key(2)))
    await _refused(desk, await desk.log_in())


@pytest.mark.parametrize(
    "keys",
    [
        lambda _key: [],
        lambda key: [key | {"use": "enc"}],
        lambda key: [key | {"kty": "EC"}],
        lambda key: [key | {"kty": "oct", "k": "c2VjcmV0"}],
        lambda key: [key] * 101,
    ],
    ids=["none", "for encryption", "of another type", "secret", "too many"],
)
async def test_a_key_that_a_provider_may_not_sign_with_opens_nothing(
    desk: Desk, keys: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> None:
    desk.provider.keys = keys(desk.provider.keys[0])
    await _refused(desk, await desk.log_in())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://id.elsewhere"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": None},
        {"nonce": "of another log-in"},
        {"nonce": None},
        {"nonce": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 4_102_444_800},
        {"nbf": 4_102_444_800},
        {"preferred_username": None},
        {"preferred_username": ["ana"]},
    ],
)
async def test_a_token_that_says_something_else_is_refused(desk: Desk, claims: dict[str, Any]) -> None:
    desk.provider.more = claims
    await _refused(desk, await desk.log_in())


async def test_a_local_account_is_not_opened_from_outside(desk: Desk) -> None:
    desk.provider.username = USERNAME
    await _refused(desk, await desk.log_in())
    desk.provider.username = "nobody"
    await _refused(desk, await desk.log_in())
    assert [entry.action for entry in desk.world.services.audit.page(limit=2)] == ["login.refused"] * 2
    local = await desk.browser.post("/login", data={"username": "ana", "password": PASSWORD})
    assert local.status_code == 401
    empty = await desk.browser.post("/login", data={"username": "ana", "password": ""})
    assert empty.status_code == 401


async def test_an_account_stays_with_the_subject_that_came_first(desk: Desk) -> None:
    assert (await desk.log_in()).status_code == 200
    desk.browser.cookies.clear()
    desk.provider.subject = "another person of that name"
    await _refused(desk, await desk.log_in())
    desk.world.services.users.add("bo", None, [GrantRequest(Role.ADMINISTRATOR)], actor=USERNAME)
    desk.provider.subject, desk.provider.username = "4711", "bo"
    await _refused(desk, await desk.log_in())


async def test_a_disabled_account_stays_out(desk: Desk) -> None:
    desk.world.services.users.set_disabled("ana", disabled=True, actor=USERNAME)
    await _refused(desk, await desk.log_in())


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://id.elsewhere"},
        {"token_endpoint": "http://id.county/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
)
async def test_a_provider_that_is_not_itself_is_not_used(desk: Desk, metadata: dict[str, Any]) -> None:
    desk.provider.metadata |= metadata
    answer = await desk.browser.get("/login/provider", headers={"accept-language": "en"})
    assert answer.status_code == 503
    assert ISSUER in answer.text


@pytest.mark.parametrize(
    "fault",
    [
        lambda: JSONResponse({}, 500),
        lambda: Response("no JSON"),
        lambda: Response("x" * 300_000),
        lambda: Response("", 302, {"location": "https://id.elsewhere/"}),
    ],
)
async def test_a_provider_that_is_broken_leaves_local_accounts_alone(desk: Desk, fault: Callable[[], Response]) -> None:
    desk.provider.answer = fault
    assert (await desk.browser.get("/login/provider")).status_code == 503
    account = {"username": USERNAME, "password": PASSWORD}
    assert (await desk.browser.post("/login", data=account)).status_code == 303


async def test_without_a_provider_there_is_no_way_to_one(world: World) -> None:
    world.make_account()
    async with world.browser(application(world.services)) as browser:
        assert (await browser.get("/login/provider")).headers["location"] == "/login"
        assert (await browser.get(BACK)).headers["location"] == "/login"
        assert "/login/provider" not in (await browser.get("/login")).text


@given(st.text(max_size=200))
def test_any_text_is_no_token(text: str) -> None:
    settings = OidcProvider(issuer=ISSUER, client_id=CLIENT, redirect_url=f"https://centre.test{BACK}")
    oidc = Oidc(None, settings, SECRET, lambda: 0)  # type: ignore[arg-type]
    with pytest.raises(ProviderRefusedError):
        oidc._claimed(text, _KeySet(keys=[]), "nonce")
