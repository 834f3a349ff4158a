"""Users who leave, and too many who ask: from a browser's connection to the queue in front of the archive.

browser ──loopback──▶ uvicorn ──▶ the centre's API behind its guard ──loopback──▶ uvicorn ──▶ query and its admission
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.query.archive import IntakeStatus
from ray_cluster.errors import Unavailable
from ray_cluster.query.admission import Admission, LaneLimits, QueryLane
from ray_cluster.query.routes import create_app
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.fake_archive import TOKEN
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import lookalike, query
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, eventually, within

pytestmark = pytest.mark.anyio


async def no_intake() -> IntakeStatus:
    raise Unavailable("no intake answers")


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address at which uvicorn serves an application."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def test_who_leaves_waits_no_longer_and_who_finds_the_queue_full_is_told_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.search.client.TIMEOUT_S", LONG_S)
    monkeypatch.setattr("center.search.client.CONNECT_TIMEOUT_S", LONG_S)
    world.make_account()
    admission = Admission(dict.fromkeys(QueryLane, LaneLimits(slots=1, places=2)))
    reading = asyncio.Event()
    await admission.hold(QueryLane.LIST, "another", reading.wait)
    archive = create_app(
        query(tmp_path), FakeStages(), lookalike(tmp_path), token=TOKEN, ask_intake=no_intake, admission=admission
    )
    async with served(archive) as archive_url, within():
        positions = CameraPositions(world.store, world.services.devices.statuses)
        search = Search(url=archive_url, token=TOKEN, audit=world.services.audit, positions=positions)
        world.services = replace(world.services, search=search)
        async with (
            served(world.application()) as url,
            httpx.AsyncClient(base_url=f"{url}/api", timeout=None, trust_env=False) as browser,
        ):
            await browser.post("/login", json={"username": USERNAME, "password": PASSWORD})
            stays = asyncio.create_task(browser.get("/observations"))
            await eventually(lambda: admission.waiting()["list"] == 1)
            leaves = asyncio.create_task(browser.get("/observations?limit=7"))
            await eventually(lambda: admission.waiting()["list"] == 2)
            leaves.cancel()
            await eventually(lambda: admission.waiting()["list"] == 1)
            assert admission.figures.left[QueryLane.LIST] == 1
            assert not stays.done()  # the older request would be the first that the centre gives up by itself
            another = asyncio.create_task(browser.get("/observations?limit=8"))
            await eventually(lambda: admission.waiting()["list"] == 2)
            busy = await browser.get("/observations?limit=9")
            assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (503, "query_busy", "5")
            assert admission.figures.refused[QueryLane.LIST] == 1
            reading.set()
            assert (await stays).json()["items"] == (await another).json()["items"] == []
        await search.close()
