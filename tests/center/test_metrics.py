"""The centre's metrics: complete while the database answers, true without it, and without a word about anybody."""

import asyncio
import re
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import socketio

from center.background import Periodic
from center.console.pages import open_pages
from center.database.store import Store
from center.errors import StartError, StoreUnavailableError
from center.metrics import families, open_metrics
from center.notify.message import Message
from center.notify.service import Notifier
from center.pipeline import third_parties
from center.pipeline.probes import Prober
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.config.probes import Probes
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS
from tests.center.whole import ADMINISTRATOR, whole_centre
from tests.support import notify_world
from tests.support.ports import free_port
from tests.support.scraping import parsed, samples, scrape
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.anyio


async def test_they_tell_of_sessions_database_broker_and_streams(world: World, user: httpx.AsyncClient) -> None:
    assert (await user.get("/api/me")).status_code == 200
    reader = world.services.feed.open()
    told = samples(families(world.metrics))
    assert (told["wayside_center_sessions",], told["wayside_center_database_up",]) == (1, 1)
    assert told["wayside_center_database_bytes",] > 0
    assert told["wayside_center_database_wal_bytes",] > 0
    assert told["wayside_center_database_connections_in_use",] == 0
    assert told["wayside_center_broker_connected",] == 1
    assert (told["wayside_center_stream_readers", "live"], told["wayside_center_stream_readers", "alarms"]) == (1, 0)
    assert (told["wayside_center_open_pages",], told["wayside_center_notices_waiting",]) == (0, 0)
    world.services.feed.close(reader)
    world.clock.now_ms += 12 * 3_600_000
    world.line.cause = "no route"
    told = samples(families(world.metrics))
    assert (told["wayside_center_sessions",], told["wayside_center_broker_connected",]) == (0, 0)
    text = "".join(name for labels in told for name in labels)
    for word in (USERNAME, PASSWORD, AGENT, str(world.code_file.parent)):
        assert word not in text


async def test_a_transaction_holds_a_connection(world: World) -> None:
    with world.store.transaction() as session:
        session.connection()
        assert samples(families(world.metrics))["wayside_center_database_connections_in_use",] == 1


async def test_a_database_that_is_away_is_told_and_takes_nothing_else_away(world: World, tmp_path: Path) -> None:
    away = replace(world.metrics, store=Store(tmp_path / "no such folder" / "center.sqlite3"))
    told = samples(families(away))
    assert told["wayside_center_database_up",] == 0
    assert ("wayside_center_sessions",) not in told
    assert told["wayside_center_hop_seconds_count", "total"] == 0


async def test_messages_wait_by_channel_and_their_age_is_that_of_the_oldest(world: World, tmp_path: Path) -> None:
    config = Notify(webhooks=(notify_world.webhook(tmp_path, "http://127.0.0.1:9/hook"),))
    notifier = Notifier(
        config,
        world.store,
        world.services.audit,
        data_dir=tmp_path,
        retention=world.retention,
        now_ms=world.clock,
    )
    (channel,) = notifier.channels
    metrics = replace(world.metrics, notifier=notifier)
    told = samples(families(metrics))
    assert told["wayside_center_outbox_messages", channel] == 0
    assert ("wayside_center_outbox_oldest_seconds", channel) not in told
    for number in range(2):
        message = Message(id=f"m{number}", camera_id="cam-1", camera_name="c", rule="r", at_ms=NOW_MS, link="/")
        notifier.deliver(message, channel)
        world.clock.now_ms += 30_000
    told = samples(families(metrics))
    assert told["wayside_center_outbox_messages", channel] == 2
    assert told["wayside_center_outbox_oldest_seconds", channel] == 60


async def test_a_loop_tells_that_it_fails_how_often_it_died_and_when_it_last_did_its_work(world: World) -> None:
    faults: list[Exception] = []

    async def work() -> None:
        if faults:
            raise faults.pop()

    loop = Periodic("the test", 1.0, work)
    metrics = replace(world.metrics, loops=lambda: (loop,))
    assert ("wayside_center_loop_last_success_timestamp_seconds", "the test") not in samples(families(metrics))
    await loop.turn()
    told = samples(families(metrics))
    assert told["wayside_center_loop_failing", "the test"] == 0
    done_s = told["wayside_center_loop_last_success_timestamp_seconds", "the test"]
    for fault, deaths in ((StoreUnavailableError(cause="away"), 0), (OverflowError("too large"), 1)):
        faults.append(fault)
        await loop.turn()
        told = samples(families(metrics))
        assert (
            told["wayside_center_loop_failing", "the test"],
            told["wayside_center_loop_deaths_total", "the test"],
        ) == (
            1,
            deaths,
        )
        assert told["wayside_center_loop_last_success_timestamp_seconds", "the test"] == done_s


async def test_stages_and_probes_are_told_by_stage_without_an_address(world: World, tmp_path: Path) -> None:
    channel = notify_world.channel(notify_world.webhook(tmp_path, "http://127.0.0.1:9/hook"))
    pipeline = world.services.pipeline
    found = third_parties.probes(Probes(), {channel.id: channel}, None, {"stamp_cert_file": datetime.now(UTC)})
    pipeline.prober = Prober(found, every_s=15, timeout_s=LONG_S, now_ms=world.clock)
    assert ("wayside_center_stage_severity", "webhooks") not in samples(families(world.metrics))
    for _ in range(2):
        await pipeline.prober.loop.turn()
    await pipeline.look()
    told = samples(families(world.metrics))
    assert told["wayside_center_stage_severity", "webhooks"] == 2
    assert told["wayside_center_probe_failures_total", "webhooks"] == 2
    assert told["wayside_center_probe_failures_total", "time_stamps"] == 0
    assert told["wayside_center_probe_last_success_timestamp_seconds", "time_stamps"] == NOW_MS / 1000
    assert ("wayside_center_probe_last_success_timestamp_seconds", "webhooks") not in told
    assert ("wayside_center_stage_severity", "notify") not in told  # unknown
    assert "127.0.0.1" not in "".join(name for labels in told for name in labels)


async def test_they_are_served_on_loopback_alone_and_only_where_a_port_is_set(world: World) -> None:
    with open_metrics(port := free_port(), world.metrics), socket.socket() as elsewhere:
        text = await asyncio.to_thread(scrape, port)
        assert parsed(text)["wayside_center_database_up",] == 1
        with pytest.raises(OSError, match=r"refused|unreachable"):
            elsewhere.connect(("127.0.0.2", port))
        with pytest.raises(StartError, match=f"metrics_port {port}"), open_metrics(port, world.metrics):
            pass
    with open_metrics(None, world.metrics), pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(scrape, port)


async def test_a_page_counts_while_its_websocket_is_open(tmp_path: Path) -> None:
    with whole_centre(tmp_path) as whole:
        with whole.browser(ADMINISTRATOR) as reader:
            page = await asyncio.to_thread(reader.get, "/cameras")
        client = re.search(r"client_id['\"]?\s*[:=]\s*['\"]([0-9a-f-]{36})", page.text)
        assert client is not None
        assert open_pages() == 0
        told = {"client_id": client.group(1), "document_id": "d", "tab_id": "t", "next_message_id": 0}
        browser = socketio.AsyncClient(request_timeout=LONG_S)
        await browser.connect(
            f"{whole.url}?{urlencode(told | {'implicit_handshake': 'true'})}",
            headers=whole.cookie(ADMINISTRATOR) | {"Origin": whole.url},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
            wait_timeout=LONG_S,
        )
        await asyncio.to_thread(until, lambda: open_pages() == 1, "the page is open")
        await browser.disconnect()
        await asyncio.to_thread(until, lambda: open_pages() == 0, "the page is closed")
