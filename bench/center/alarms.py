"""An alarm from the hint to a browser, beside the bare feed; and rules evaluated a second.

Run it with `python -m bench.center.alarms`.

    this process:  hint ─▶ Mailbox ─▶ feed ─▶ /bare (server-sent events)                         ─▶ client process
                              └─────▶ rules ─▶ SQLite ─▶ /api/alarms/stream (server-sent events) ─▶ client process

Both go over loopback, through the same guard and server, one after the other in turns. Clocks: all hops are told by the
one wall clock of this machine.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from rich.console import Console
from rich.table import Table

from bench.center.alarm_rules import AGENT, CAMERAS, CLASSES, Evaluated, evaluate, place
from center.access.permissions import EVERYWHERE, Permission
from center.access.route_permissions import RoutePermissions, needs
from center.api import router
from center.app import build
from center.bootstrap import SETUP_CODE
from center.clock import now_ms
from center.middleware import Guard
from provisioning.contracts import ids
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Box,
    ClockQuality,
    HopTimes,
    Machine,
    Observed,
    ObservedItem,
    PictureState,
)
from provisioning.files import durable
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.world import OpenLine

USERNAME, PASSWORD = "operator", "seven wet umbrellas"
TURNS: Final = 4
PATIENCE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Arrived:
    """One event at the client: what it is of, the times that it carried, and when it came."""

    key: str
    times: dict[str, int]
    at_ms: float


def hint(number: int) -> Observed:
    """One row with one car, captured now."""
    at_ms = now_ms()
    camera = f"cam-{number % CAMERAS}"
    box = Box(x0=300, y0=200, x1=420, y1=300)
    item = ObservedItem(
        observation_id=ids.observation_id(camera, at_ms, f"n{number}"),
        camera_id=camera,
        captured_at_ms=at_ms,
        picture=PictureState.KEPT,
        machines=(Machine(cls=CLASSES[0], score=0.9, box=box),),
        people=0,
        width=1280,
        height=720,
        clock=ClockQuality.ARRIVAL,
        times=HopTimes(published_at_ms=at_ms, received_at_ms=at_ms, committed_at_ms=at_ms),
    )
    return Observed(agent_id=AGENT, commit_seq=number, items=(item,))


def listen(url: str, cookie: str, path: str, wanted: int, pipe: Connection) -> None:
    """A browser in a process of its own: reads `wanted` events and says when each came."""
    found: list[Arrived] = []
    with (
        httpx.Client(base_url=url, timeout=PATIENCE_S, cookies={"wayside_session": cookie}) as browser,
        browser.stream("GET", path) as answer,
    ):
        answer.raise_for_status()
        lines = answer.iter_lines()
        next(lines)
        pipe.send("open")
        for line in lines:
            if not line.startswith("data: "):
                continue
            at_ms, said = time.time_ns() / 1e6, json.loads(line[6:])
            alarm = said.get("alarm")
            key = alarm["row_key"] if alarm else said["row_key"]
            found.append(Arrived(key, alarm["times"] if alarm else {}, at_ms))
            if len(found) == wanted:
                break
    pipe.send(found)


class Centre:
    """A centre that serves; its archive is empty and its broker line is this process."""

    def __init__(self, folder: Path) -> None:
        config = CenterConfig(
            broker=Broker(host="127.0.0.1", ca_file=folder, cert_file=folder, key_file=folder),
            query_url="http://archive.test",
            query_token_file=durable.write(folder / "query-token", TOKEN.encode()),
            data_dir=folder,
            session_hours=1,
        )
        center = build(config, link=OpenLine(), transport=httpx.ASGITransport(app=FakeArchive().app))
        self.services, self.mailbox = center.services, center.mailbox
        self.room, self.feed = center.services.alarms, center.services.feed
        auth = center.services.auth
        auth.prepare_setup()
        code = (folder / SETUP_CODE).read_text(encoding="ascii")
        auth.setup(code=code, username=USERNAME, password=PASSWORD, source="-")
        self.cookie = auth.login(username=USERNAME, password=PASSWORD, source="-").token

    def application(self) -> FastAPI:
        """The centre's API, and the feed as it is without rules."""
        app = FastAPI(openapi_url=None)
        app.mount("/api", router.create())
        app.get("/bare", openapi_extra=needs(Permission.SIGNED_IN))(self._bare)
        app.add_middleware(Guard, services=self.services, permits=RoutePermissions.of(app.routes))
        return app

    async def _bare(self, _request: Request) -> StreamingResponse:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        async def body() -> AsyncIterator[str]:
            reader = self.feed.open(wake)
            try:
                yield ": open\n\n"
                while True:
                    await woken.wait()
                    woken.clear()
                    for sighting in reader.drain():
                        machines = [machine.model_dump(mode="json") for machine in sighting.machines]
                        yield f"data: {json.dumps({'row_key': sighting.row_key, 'machines': machines})}\n\n"
            finally:
                self.feed.close(reader)

        return StreamingResponse(body(), media_type="text/event-stream")

    def enforce(self, body: dict[str, Any], url: str) -> int:
        """Write a rule, preview it, switch it on."""
        with httpx.Client(base_url=url, cookies={"wayside_session": self.cookie}, timeout=PATIENCE_S) as browser:
            made = browser.post("/api/rules", json=body)
            made.raise_for_status()
            number = int(made.json()["id"])
            browser.post(f"/api/rules/{number}/versions/1/preview").raise_for_status()
            browser.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True}).raise_for_status()
        return number


@contextmanager
def served(centre: Centre) -> Iterator[str]:
    """The centre on loopback; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(centre.application(), log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.02)  # uvicorn has no event for it
        yield url
        server.should_exit = True
        thread.join()


def play(centre: Centre, url: str, path: str, count: int, rate: float, first: int) -> list[tuple[float, Arrived]]:
    """Deliver hints at a steady rate to one listening client; the moment each was delivered, and its arrival."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    arguments = (url, centre.cookie, path, count, there)
    client = multiprocessing.get_context("spawn").Process(target=listen, args=arguments)
    client.start()
    assert here.recv() == "open"
    delivered: dict[str, float] = {}
    begun_s = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun_s + number / rate - time.monotonic()))  # at the rate that is measured
        told = hint(first + number)
        payload = codec.encode(told)
        delivered[ids.row_key(AGENT, told.items[0].observation_id)] = time.time_ns() / 1e6
        centre.mailbox.deliver(topics.observed(AGENT), payload)
    found: list[Arrived] = here.recv()
    client.join()
    return [(delivered[each.key], each) for each in found]


def spread(values: Sequence[float]) -> str:
    """Median, 95th and 99th percentile, and the worst."""
    cuts = quantiles(values, n=100, method="inclusive")
    return f"{cuts[49]:.1f} / {cuts[94]:.1f} / {cuts[98]:.1f} / {max(values):.1f}"


def latency(console: Console, count: int, rate: float) -> dict[str, str]:
    """Alarms beside the bare feed, in turns."""
    rule = {
        "name": "a car in the left half",
        "what": {"kind": "zone_entry", "polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]},
        "cameras": [place(number) for number in range(CAMERAS)],
        "window_s": 1,
    }
    bare: list[tuple[float, Arrived]] = []
    alarms: list[tuple[float, Arrived]] = []
    with tempfile.TemporaryDirectory(prefix="wayside-alarms-") as folder:
        centre = Centre(Path(folder))
        with served(centre) as url:
            number = centre.enforce(rule, url)
            share = count // TURNS
            for turn in range(TURNS):
                centre.room.rules.switch_off(number, actor=USERNAME, sight=EVERYWHERE)
                bare += play(centre, url, "/bare", share, rate, 2 * turn * share)
                centre.room.rules.switch_on(number, version=1, actor=USERNAME, sight=EVERYWHERE, unseen=True)
                alarms += play(centre, url, "/api/alarms/stream", share, rate, (2 * turn + 1) * share)
    hops = {
        "hear: delivered to the mailbox → heard": spread([max(0.0, a.times["heard_at_ms"] - at) for at, a in alarms]),
        "decide: heard → decided": spread([a.times["decided_at_ms"] - a.times["heard_at_ms"] for _, a in alarms]),
        "store and send: decided → at the client": spread([a.at_ms - a.times["decided_at_ms"] for _, a in alarms]),
        "alarm: delivered → at the client": spread([a.at_ms - at for at, a in alarms]),
        "bare feed: delivered → at the client": spread([a.at_ms - at for at, a in bare]),
    }
    table = Table(
        "hop", "ms: p50 / p95 / p99 / max", title=f"{len(alarms)} alarms, {len(bare)} bare, {rate:g} a second"
    )
    for name, text in hops.items():
        table.add_row(name, text)
    console.print(table)
    return hops


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.alarms", description=__doc__)
    parser.add_argument("--alarms", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50.0, help="hints a second")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    console = Console(width=120)
    hops = latency(console, arguments.alarms, arguments.rate)
    evaluated: list[Evaluated] = evaluate()
    table = Table("500 rules × 500 cameras", "rules asked a row", "rules/s", "rows/s", "µs a rule", title="one core")
    for each in evaluated:
        table.add_row(
            each.name,
            f"{each.asked:g}",
            f"{each.rules_per_s:,.0f}",
            f"{each.rows_per_s:,.0f}",
            f"{1e6 / each.rules_per_s:.2f}",
        )
    console.print(table)
    if arguments.json is not None:
        report = {"hops": hops, "evaluated": [each._asdict() for each in evaluated]}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
