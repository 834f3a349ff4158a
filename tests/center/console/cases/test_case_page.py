"""An open page of a case: what is pressed on it counts in the order in which it was pressed.

test: archive that knows what looks alike ◀─query─ centre ◀─ page, as its browser sends keys and clicks
"""

import asyncio
import json
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from nicegui import Client, core, ui
from nicegui.elements.keyboard import Keyboard

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.cases.machines import CaseMachines
from center.cases.views import JudgedMachine
from center.console.frame import case_path
from provisioning.contracts.query.archive import MachineColour, ObjectRow, Observation
from provisioning.contracts.wire.messages import Box, MachineClass
from tests.center.cases.conftest import HOUR_MS, NUMBER, terms
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.whole import ADMINISTRATOR, DISTRICT, PASSWORD, Whole, whole_centre
from tests.support.waiting import LONG_S, until

T = TypeVar("T")
ALIKE: Final = 4
"""Machines that look like the sought one."""


def _machine(whole: Whole, number: int) -> str:
    """Archives a red motorcycle of cam-1, the less like number 0 the higher its number. Returns its row key."""
    row, jpeg = observation("cam-1", NOW_MS - HOUR_MS + number * 60_000, 7000 + number)
    key = row.snapshot.row_key
    machine = ObjectRow(
        object_key=f"{key}:0",
        row_key=key,
        index=0,
        camera_id="cam-1",
        captured_at_ms=row.snapshot.captured_at_ms,
        cls=MachineClass.MOTORCYCLE,
        score=0.9,
        box=Box(x0=100, y0=100, x1=300, y1=300),
        colour=MachineColour.RED,
    )
    whole.archive.add(Observation(snapshot=row.snapshot, machines=(machine,)), jpeg)
    whole.archive.looks[key, 0] = 0.05 * number
    return key


def _approved_case(whole: Whole) -> None:
    services = whole.services
    for name, role in (("ana", Role.ANALYST), ("sue", Role.SUPERVISOR)):
        services.users.add(name, PASSWORD, [GrantRequest(role)], actor=ADMINISTRATOR)
    services.districts.set_cameras(DISTRICT, [CameraKey(AGENT, "cam-1")], actor=ADMINISTRATOR)
    keys = [_machine(whole, number) for number in range(ALIKE + 1)]
    with whole.browser("ana") as ana:
        ana.post("/api/cases", json={"number": NUMBER, "terms": terms(districts=[DISTRICT])}).raise_for_status()
        ana.post(f"/api/cases/{NUMBER}/sought", json={"row_key": keys[0], "index": 0}).raise_for_status()
        ana.post(f"/api/cases/{NUMBER}/request", json={"version": 1}).raise_for_status()
    with whole.browser("sue") as sue:
        sue.post(f"/api/cases/{NUMBER}/approve", json={"version": 1}).raise_for_status()


class _Page:
    """An open page; it has no browser, and sends what one sends."""

    def __init__(self, whole: Whole, name: str, path: str) -> None:
        before = set(Client.instances)
        with whole.browser(name) as browser:
            browser.get(path, headers={"accept": "text/html", "accept-language": "en-GB"}).raise_for_status()
        (client_id,) = set(Client.instances) - before
        self._client = Client.instances[client_id]
        self._on_its_loop(self._client.handle_handshake("socket", "tab", None, "document", None))

    def press(self, key: str) -> None:
        modifiers = dict.fromkeys(("altKey", "ctrlKey", "metaKey", "shiftKey", "repeat"), False)
        args = {"action": "keydown", "key": key, "code": f"Key{key.upper()}", "location": 0, **modifiers}
        self._happen(self._find(Keyboard), "key", args)

    def click(self, name: str) -> None:
        self._happen(self._find(ui.button, name), "click", None)

    def says(self, text: str) -> bool:
        return any(getattr(each, "text", None) == text for each in self._elements())

    def _happen(self, element: ui.element, event: str, args: object) -> None:
        (listener,) = (each for each in element._event_listeners.values() if each.type == event)
        said = {
            "id": element.id,
            "client_id": self._client.id,
            "listener_id": listener.id,
            "args": [json.dumps(args)],
        }

        async def handle() -> None:
            self._client.handle_event(said)

        self._on_its_loop(handle())

    def _find(self, kind: type[ui.element], text: str = "") -> ui.element:
        found: list[ui.element] = []

        def drawn() -> bool:
            found[:] = (
                each for each in self._elements() if isinstance(each, kind) and getattr(each, "text", "") == text
            )
            return len(found) == 1

        until(drawn)
        return found[0]

    def _elements(self) -> list[ui.element]:
        async def read() -> list[ui.element]:
            return list(self._client.elements.values())

        return self._on_its_loop(read())

    def _on_its_loop(self, work: Coroutine[Any, Any, T]) -> T:
        assert core.loop is not None
        return asyncio.run_coroutine_threadsafe(work, core.loop).result(LONG_S)


def test_a_search_begins_once_what_was_pressed_before_it_is_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, may_write = threading.Event(), threading.Event()
    judge = CaseMachines.judge

    def slow(self: CaseMachines, *what: Any, **who: Any) -> JudgedMachine:
        judging.set()
        assert may_write.wait(LONG_S)
        return judge(self, *what, **who)

    with whole_centre(tmp_path) as whole, ExitStack() as at_end:
        at_end.callback(may_write.set)
        _approved_case(whole)
        page = _Page(whole, "ana", case_path(NUMBER))
        page.click("Search")
        until(lambda: page.says(f"Found: {ALIKE}, candidates: {ALIKE}. Search details"))
        monkeypatch.setattr(CaseMachines, "judge", slow)
        page.press("x")
        assert judging.wait(LONG_S)
        page.press("u")
        page.press("c")
        page.click("Search")
        until(lambda: page.says("Searching the archive…") or len(whole.archive.likened) > 1)
        assert len(whole.archive.likened) == 1
        may_write.set()
        until(lambda: page.says(f"Found: {ALIKE}, candidates: {ALIKE - 1}. Search details"))
        with whole.browser("ana") as ana:
            verdicts = {
                verdict: len(ana.get(f"/api/cases/{NUMBER}/{verdict}").raise_for_status().json()["items"])
                for verdict in ("candidates", "sightings")
            }
    assert verdicts == {"candidates": ALIKE - 1, "sightings": 1}
