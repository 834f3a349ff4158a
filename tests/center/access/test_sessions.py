"""Accounts: the one-time set-up, logging in, being slowed down, sessions that end."""

import json
import stat

import pytest
from sqlalchemy import select

from center.access.sessions import KNOWN_S, MAX_SESSIONS_PER_USER, Auth
from center.database.store import LoginSession, User
from center.errors import (
    BadCredentialsError,
    BadUsernameError,
    LockedOutError,
    NotLoggedInError,
    SetupDoneError,
    UnknownUserError,
    WeakPasswordError,
    WrongSetupCodeError,
)
from tests.center.conftest import PASSWORD, USERNAME, World

pytestmark = pytest.mark.anyio


def _login(auth: Auth, password: str = PASSWORD, *, username: str = USERNAME, source: str = "192.0.2.9") -> str:
    return auth.login(username=username, password=password, source=source).token


async def test_the_set_up_code_is_for_the_owner_alone_and_stays_until_used(world: World) -> None:
    path = world.services.auth.prepare_setup()
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text(encoding="ascii")
    assert world.services.auth.prepare_setup() == path
    assert path.read_text(encoding="ascii") == first
    world.make_account()
    assert not path.exists()
    assert world.services.auth.prepare_setup() is None
    assert not path.exists()


async def test_the_code_works_once(world: World) -> None:
    world.services.auth.prepare_setup()
    code = world.code_file.read_text(encoding="ascii")
    world.make_account()
    with pytest.raises(SetupDoneError):
        world.services.auth.setup(code=code, username="second", password=PASSWORD, source="-")


@pytest.mark.parametrize("code", ["", "0" * 20, "ü", "0" * 19])
async def test_a_wrong_code_makes_nobody(world: World, code: str) -> None:
    world.services.auth.prepare_setup()
    with pytest.raises(WrongSetupCodeError):
        world.services.auth.setup(code=code, username=USERNAME, password=PASSWORD, source="-")
    assert world.services.auth.needs_setup()


async def test_without_a_code_file_no_code_is_right(world: World) -> None:
    with pytest.raises(WrongSetupCodeError):
        world.services.auth.setup(code="", username=USERNAME, password=PASSWORD, source="-")
    world.code_file.write_text("")
    with pytest.raises(WrongSetupCodeError):
        world.services.auth.setup(code="", username=USERNAME, password=PASSWORD, source="-")


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("", PASSWORD, BadUsernameError),
        ("a b", PASSWORD, BadUsernameError),
        ("Provisioning", PASSWORD, BadUsernameError),
        ("<script>", PASSWORD, BadUsernameError),
        ("x" * 65, PASSWORD, BadUsernameError),
        (USERNAME, "elevenchars", WeakPasswordError),
        (USERNAME, "x" * 257, WeakPasswordError),
        (USERNAME, f"my {USERNAME} 2026", WeakPasswordError),
    ],
)
async def test_the_policy_refuses_and_the_code_stays_good(
    world: World, username: str, password: str, error: type[Exception]
) -> None:
    world.services.auth.prepare_setup()
    code = world.code_file.read_text(encoding="ascii")
    with pytest.raises(error):
        world.services.auth.setup(code=code, username=username, password=password, source="-")
    world.make_account()
    assert _login(world.services.auth)


async def test_neither_password_nor_token_is_in_the_database(world: World) -> None:
    world.make_account()
    token = _login(world.services.auth)
    with world.store.transaction() as session:
        user = session.scalars(select(User)).one()
        kept = session.scalars(select(LoginSession)).one()
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash
    assert token not in kept.token_sha256
    assert world.services.auth.identify(token).username == USERNAME


async def test_the_name_is_read_in_any_case(world: World) -> None:
    world.make_account()
    assert _login(world.services.auth, username=f" {USERNAME.upper()} ")


@pytest.mark.parametrize(
    ("username", "password"), [(USERNAME, "wrong password 1"), ("nobody", PASSWORD), ("", ""), (USERNAME, "x" * 10_000)]
)
async def test_wrong_name_and_wrong_password_are_not_told_apart(world: World, username: str, password: str) -> None:
    world.make_account()
    with pytest.raises(BadCredentialsError) as caught:
        _login(world.services.auth, password, username=username)
    assert username == "" or username not in str(caught.value)


async def test_an_account_waits_after_five_failures_whoever_knocks(world: World) -> None:
    world.make_account()
    for number in range(5):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, "wrong password 1", source=f"192.0.2.{number}")
    with pytest.raises(LockedOutError) as caught:
        _login(world.services.auth, source="192.0.2.200")
    assert 0 < caught.value.retry_after_s <= 300
    world.clock.now_ms += caught.value.retry_after_s * 1000
    assert _login(world.services.auth)


def _noted(world: World, action: str) -> list[tuple[str, dict[str, object]]]:
    entries = reversed(world.services.audit.page(limit=200))
    return [(each.actor, json.loads(each.detail)) for each in entries if each.action == action]


async def test_a_lock_out_is_noted_once_and_again_when_it_begins_anew(world: World) -> None:
    world.make_account()

    def guess(count: int, source: str) -> None:
        for _ in range(count):
            with pytest.raises((BadCredentialsError, LockedOutError)):
                _login(world.services.auth, "wrong password 1", source=source)

    guess(4, "192.0.2.1")
    assert _noted(world, "login.locked_out") == []
    world.clock.now_ms += 60_000
    guess(4, "192.0.2.2")
    first = (USERNAME, {"of": "account", "source": "192.0.2.2", "seconds": 240})
    assert _noted(world, "login.locked_out") == [first], "three more were turned away, and are not noted"
    world.clock.now_ms += 240_000
    guess(6, "192.0.2.3")
    again = (USERNAME, {"of": "account", "source": "192.0.2.3", "seconds": 60})
    assert _noted(world, "login.locked_out") == [first, again]


async def test_a_right_password_at_the_last_attempt_begins_no_lock_out(world: World) -> None:
    world.make_account()
    for _ in range(4):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, "wrong password 1")
    _login(world.services.auth)
    assert _noted(world, "login.locked_out") == []


async def test_attempts_at_a_locked_account_lock_out_their_address(world: World) -> None:
    world.make_account()
    for _ in range(31):
        with pytest.raises((BadCredentialsError, LockedOutError)):
            _login(world.services.auth, "wrong password 1", source="192.0.2.1")
    assert [facts["of"] for _, facts in _noted(world, "login.locked_out")] == ["account", "address"]


async def test_a_lock_out_of_an_address_and_of_the_set_up_is_noted(world: World) -> None:
    world.services.auth.prepare_setup()
    for _ in range(32):
        with pytest.raises((WrongSetupCodeError, LockedOutError)):
            world.services.auth.setup(code="x", username=USERNAME, password=PASSWORD, source="192.0.2.3")
    world.make_account()
    for number in range(32):
        with pytest.raises((BadCredentialsError, LockedOutError)):
            _login(world.services.auth, username=f"guess{number}", source="192.0.2.4")
    assert _noted(world, "login.locked_out") == [
        ("-", {"of": "setup", "source": "192.0.2.3", "seconds": 300}),
        ("guess29", {"of": "address", "source": "192.0.2.4", "seconds": 300}),
    ]


async def test_a_log_out_is_noted_with_the_end_of_the_session(world: World) -> None:
    world.make_account()
    token = _login(world.services.auth)
    for _ in range(2):
        world.services.auth.logout(token, actor=USERNAME)
    assert _noted(world, "logout") == [(USERNAME, {})]


async def test_an_address_that_tries_many_names_waits(world: World) -> None:
    world.make_account()
    for number in range(30):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, username=f"guess{number}")
    with pytest.raises(LockedOutError):
        _login(world.services.auth)
    assert _login(world.services.auth, source="198.51.100.1")


async def test_thirty_failures_of_others_do_not_shut_out_who_logged_in_from_there_before(world: World) -> None:
    world.make_account()
    _login(world.services.auth)
    for number in range(30):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, username=f"guess{number}")
    with pytest.raises(LockedOutError):
        _login(world.services.auth, username="guess30")
    assert _login(world.services.auth)
    for _ in range(5):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, "wrong password 1")
    with pytest.raises(LockedOutError):
        _login(world.services.auth)
    world.clock.now_ms += KNOWN_S * 1000 + 1
    for number in range(30):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, username=f"guess{number}")
    with pytest.raises(LockedOutError):
        _login(world.services.auth)


async def test_a_good_login_does_not_clear_the_address(world: World) -> None:
    world.make_account()
    for number in range(29):
        with pytest.raises(BadCredentialsError):
            _login(world.services.auth, username=f"guess{number}")
    _login(world.services.auth)
    with pytest.raises(BadCredentialsError):
        _login(world.services.auth, username="guess30")
    with pytest.raises(LockedOutError):
        _login(world.services.auth, username="guess31")


async def test_guessing_the_code_is_slowed_down(world: World) -> None:
    world.services.auth.prepare_setup()
    for _ in range(30):
        with pytest.raises(WrongSetupCodeError):
            world.services.auth.setup(code="x", username=USERNAME, password=PASSWORD, source="192.0.2.3")
    with pytest.raises(LockedOutError):
        world.services.auth.setup(code="x", username=USERNAME, password=PASSWORD, source="192.0.2.3")


async def test_a_session_ends_by_itself_and_by_logout(world: World) -> None:
    world.make_account()
    first, second = _login(world.services.auth), _login(world.services.auth)
    world.services.auth.logout(first, actor=USERNAME)
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(first)
    world.services.auth.logout(first, actor=USERNAME)
    world.clock.now_ms += 12 * 3_600_000 - 1
    assert world.services.auth.identify(second)
    world.clock.now_ms += 1
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(second)
    _login(world.services.auth)
    with world.store.transaction() as session:
        assert len(session.scalars(select(LoginSession)).all()) == 1


@pytest.mark.parametrize("token", [None, "", "x", "x" * 5000, "\x00"])
async def test_a_made_up_token_is_nobody(world: World, token: str | None) -> None:
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(token)


async def test_sessions_of_one_account_are_bounded(world: World) -> None:
    world.make_account()
    tokens = []
    for _ in range(MAX_SESSIONS_PER_USER + 3):
        world.clock.now_ms += 1
        tokens.append(_login(world.services.auth))
    with world.store.transaction() as session:
        assert len(session.scalars(select(LoginSession)).all()) == MAX_SESSIONS_PER_USER
    assert world.services.auth.identify(tokens[-1])
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(tokens[0])


async def test_a_reset_password_ends_every_session(world: World) -> None:
    world.make_account()
    token = _login(world.services.auth)
    world.services.auth.reset_password(username=USERNAME, password="eight dry umbrellas")
    with pytest.raises(NotLoggedInError):
        world.services.auth.identify(token)
    with pytest.raises(BadCredentialsError):
        _login(world.services.auth)
    assert _login(world.services.auth, "eight dry umbrellas")
    with pytest.raises(UnknownUserError):
        world.services.auth.reset_password(username="nobody", password=PASSWORD)
    with pytest.raises(WeakPasswordError):
        world.services.auth.reset_password(username=USERNAME, password="short")


async def test_the_audit_knows_who_came_and_no_secret(world: World) -> None:
    world.make_account()
    token = _login(world.services.auth)
    with pytest.raises(BadCredentialsError):
        _login(world.services.auth, "wrong password 1")
    entries = world.services.audit.page(limit=100)
    assert [entry.action for entry in entries] == ["login.refused", "login", "setup.done"]
    text = "".join(entry.detail for entry in entries)
    assert PASSWORD not in text
    assert "wrong password" not in text
    assert token not in text
