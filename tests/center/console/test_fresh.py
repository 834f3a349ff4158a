"""A page that stays open acts for its account as that is now, not as it was when the page was opened."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from nicegui import Client, core, ui

from center.access.permissions import Role
from center.access.users import GrantRequest
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, whole_centre
from tests.support.waiting import LONG_S, until

T = TypeVar("T")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder: Path = tmp_path_factory.mktemp("whole")
    with whole_centre(folder) as made:
        yield made


@pytest.fixture
def name(whole: Whole) -> str:
    """An account of the test's own: what becomes of it touches no other test."""
    name = f"tess-{len(whole.services.users.all())}"
    whole.services.users.add(name, PASSWORD, [GrantRequest(Role.OPERATOR)], actor=ADMINISTRATOR)
    return name


def _on_its_loop(work: Callable[[], T]) -> T:
    async def done() -> T:
        return work()

    assert core.loop is not None
    return asyncio.run_coroutine_threadsafe(done(), core.loop).result(LONG_S)


def _opened(whole: Whole, name: str) -> Client:
    before = set(Client.instances)
    with whole.browser(name) as browser:
        browser.get("/cameras", headers={"Accept": "text/html"}).raise_for_status()
    (client_id,) = set(Client.instances) - before
    return Client.instances[client_id]


def _press(client: Client, acted: list[str], name: str) -> None:
    """As the browser sends it, when somebody presses a button of the page."""

    def press() -> None:
        with client:
            button = ui.button(name, on_click=lambda: acted.append(name))
        (listener,) = (each for each in button._event_listeners.values() if each.type == "click")
        client.handle_event({"id": button.id, "client_id": client.id, "listener_id": listener.id, "args": []})

    _on_its_loop(press)


def test_an_open_page_acts_no_more_once_its_account_has_lost_a_role(whole: Whole, name: str) -> None:
    client, acted = _opened(whole, name), list[str]()
    for number in range(9):
        _press(client, acted, f"before {number}")
    until(lambda: len(acted) == 9)
    assert acted == [f"before {number}" for number in range(9)]
    whole.services.users.set_grants(name, [GrantRequest(Role.TECHNICIAN)], actor=ADMINISTRATOR)
    _press(client, acted, "after")
    until(lambda: client.is_deleted)
    assert acted[9:] == []


def test_an_open_page_acts_no_more_once_its_session_has_ended(whole: Whole, name: str) -> None:
    client, acted = _opened(whole, name), list[str]()
    whole.services.users.set_disabled(name, disabled=True, actor=ADMINISTRATOR)
    _press(client, acted, "after")
    until(lambda: client.is_deleted)
    assert acted == []
