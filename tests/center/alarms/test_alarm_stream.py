"""The stream over real sockets: pushed at once, resumed without gap or repetition, ended with its session."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from center.alarms import events as pushes
from center.alarms import stream
from center.alarms.latency import Hop
from center.alarms.lifecycle import AlarmEvent
from center.alarms.rules.inputs import PartFault
from center.alarms.writer import PAGE
from provisioning.contracts.wire import codec, topics
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, PLACE, hint, machine, seen
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT
from tests.support.scraping import samples
from tests.support.waiting import LONG_S, within

pytestmark = pytest.mark.anyio
INSIDE = {"kind": "zone_entry", "polygon": LEFT_HALF}
ZONE = {"name": "yard", "what": INSIDE, "cameras": [PLACE], "window_s": 1}


@asynccontextmanager
async def served(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The centre on a loopback port of the system's choice, and a browser that is logged in."""
    world.make_account()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(world.application(), log_level="warning", timeout_graceful_shutdown=1))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=LONG_S) as browser:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            login = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
            assert login.status_code == 200
            yield browser
        server.should_exit = True
        await running


@dataclass
class Events:
    """Reads server-sent events as a browser does."""

    lines: AsyncIterator[str]
    fields: dict[str, str] = field(default_factory=dict)

    async def next(self) -> tuple[int, dict[str, Any]]:
        """The next event: its id and its data."""
        async with within():
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if line:
                    self.fields[name] = value
                elif "data" in self.fields:
                    told, self.fields = self.fields, {}
                    return int(told["id"]), json.loads(told["data"])
        raise AssertionError("the stream ended")


@asynccontextmanager
async def listening(browser: httpx.AsyncClient, **request: Any) -> AsyncIterator[Events]:
    async with browser.stream("GET", "/api/alarms/stream", **request) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = Events(answer.aiter_lines())
        assert (await anext(events.lines)).startswith("retry: ")
        yield events


async def enforce(browser: httpx.AsyncClient, body: dict[str, Any]) -> None:
    number = (await browser.post("/api/rules", json=body)).json()["id"]
    assert (await browser.post(f"/api/rules/{number}/versions/1/preview")).status_code == 200
    assert (await browser.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True})).status_code == 200


def alarm(world: World) -> None:
    world.clock.now_ms += 2000
    told = hint(seen(machine(), at_ms=world.clock.now_ms, key=str(world.clock.now_ms)))
    world.mailbox.deliver(topics.observed(AGENT), codec.encode(told))


async def test_what_happens_is_pushed_in_order_and_a_browser_that_comes_back_gets_what_it_lacks(world: World) -> None:
    async with served(world) as browser:
        await enforce(browser, ZONE)
        alarm(world)
        async with listening(browser) as events:
            alarm(world)
            number, push = await events.next()
            assert (number, push["event"]["event"], push["alarm"]["id"]) == (2, "raised", 2)
            await browser.post("/api/alarms/1/acknowledge", json={"comment": "一\ntwo\r\nid: 9\n\ndata: x"})
            number, push = await events.next()
            assert (number, push["event"]["comment"]) == (3, "一\ntwo\r\nid: 9\n\ndata: x")
        for _ in range(PAGE + 50):
            alarm(world)
        async with listening(browser, headers={"Last-Event-ID": "2"}) as events:
            ids = [(await events.next())[0] for _ in range(PAGE + 51)]
            assert ids == list(range(3, PAGE + 54))
            alarm(world)
            assert (await events.next())[0] == PAGE + 54
        async with listening(browser, params={"after": PAGE + 53}) as events:
            assert (await events.next())[0] == PAGE + 54


async def test_every_browser_gets_everything(world: World) -> None:
    async with served(world) as browser:
        await enforce(browser, ZONE)
        async with listening(browser) as first, listening(browser) as second:
            for _ in range(20):
                alarm(world)
            for events in (first, second):
                assert [(await events.next())[0] for _ in range(20)] == list(range(1, 21))


async def test_no_more_streams_than_there_may_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "MAX_STREAMS", 1)
    async with served(world) as browser, listening(browser):
        refused = await browser.get("/api/alarms/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")


@pytest.mark.parametrize("last", ["x", "-1", "1e3", str(2**60)])
async def test_a_last_event_that_is_none_is_refused(world: World, user: httpx.AsyncClient, last: str) -> None:
    answer = await user.get("/api/alarms/stream", headers={"Last-Event-ID": last})
    assert answer.status_code == 422


async def test_a_stream_ends_with_its_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "KEEPALIVE_S", 0.05)
    async with served(world) as browser, browser.stream("GET", "/api/alarms/stream") as answer:
        lines = answer.aiter_lines()
        async with within():
            async for line in lines:
                if line == ": alive":
                    break
            assert (await browser.post("/api/logout")).status_code == 204
            assert [line async for line in lines if line.startswith("data")] == []
    assert world.services.alarms.pushes.readers == 0


async def test_a_stream_that_a_token_asked_for_lives_as_long_as_the_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEPALIVE_S", 0.05)
    asked = {"password": PASSWORD, "name": "wall", "scopes": ["alarm.view"], "days": 1}
    async with served(world) as browser:
        made = (await browser.post("/api/account/tokens", json=asked)).json()
        shown = {"authorization": f"Bearer {made['token']}"}
        program = httpx.AsyncClient(base_url=browser.base_url, timeout=LONG_S, headers=shown)
        async with program, program.stream("GET", "/api/alarms/stream") as answer, within():
            kept = 0
            async for line in answer.aiter_lines():
                kept += line == ": alive"
                if kept == 3:
                    gone = await browser.delete(f"/api/account/tokens/{made['about']['token_id']}")
                    assert gone.status_code == 204
            assert kept >= 3
    assert world.services.alarms.pushes.readers == 0


async def test_when_the_centre_goes_down_nobody_keeps_it_waiting(world: World) -> None:
    async with served(world) as browser, listening(browser) as events:
        world.services.alarms.pushes.end()
        async with within():
            assert [line async for line in events.lines if line.startswith("data")] == []


async def test_a_page_whose_ring_overflows_reads_the_rest_from_the_database(station: Station) -> None:
    await station.enforce(INSIDE, window_s=1)
    room = station.room

    async def alive() -> bool:
        return True

    async with room.pushes.listening() as listener:
        lines = stream.lines(room.register, room.pushes, listener, 0, alive)
        assert (await anext(lines)).startswith("retry")
        for number in range(700):
            station.clock.now_ms += 2000
            room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key=str(number))))
        told: list[int] = []
        while len(told) < 700:
            line = await anext(lines)
            if line.startswith("id"):
                told.append(int(line.partition("\n")[0].removeprefix("id: ")))
    assert told == list(range(1, 701))
    assert room.pushes.dropped_oldest > 0


async def test_the_first_page_that_has_an_alarm_ends_its_last_hop(station: Station) -> None:
    await station.enforce(INSIDE)
    station.room.observed(hint(seen(machine())))
    push = station.reader.drain()[0]
    station.clock.now_ms += 40
    station.room.pushes.sent(push)
    station.clock.now_ms += 60
    station.room.pushes.sent(push)
    await station.room.tend(_well)
    times = station.room.care.alarm(1).alarm.times
    assert times.stored_at_ms == push.alarm.times.decided_at_ms
    assert times.sent_at_ms == push.alarm.times.decided_at_ms + 40
    told = samples(station.room.hops.collect())
    assert told["wayside_center_hop_seconds_count", Hop.SEND] == 1
    assert told["wayside_center_hop_seconds_sum", Hop.SEND] == pytest.approx(0.04)
    assert push.event.event is AlarmEvent.RAISED


async def _well() -> dict[str, PartFault]:
    return {}
