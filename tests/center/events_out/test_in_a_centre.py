"""A whole centre with receivers in its configuration: it sends by itself, says so, and stays well without them."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from center import metrics
from center.app import Center, build
from center.bootstrap import records_of
from center.config_view import shown
from center.database.store import Store
from center.health import Condition
from center.pipeline.stages import Stage, StageState
from provisioning.contracts.config.events_out import EventKind, EventsOut, MqttReceiver
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.files import durable
from tests.center.conftest import Clock
from tests.center.events_out.rig import events_out
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import NOW_MS, observation
from tests.center.world import OpenLine, camera_status, heartbeat, quick_passwords
from tests.support.event_brokers import MosquittoBroker
from tests.support.ports import free_port
from tests.support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.peer]


def centre_of(folder: Path, store: Store, clock: Clock, archive: FakeArchive, settings: EventsOut) -> Center:
    config = CenterConfig(
        broker=Broker(host="127.0.0.1", ca_file=folder, cert_file=folder, key_file=folder),
        query_url="http://archive.test",
        query_token_file=durable.write(folder / "query-token", TOKEN.encode()),
        data_dir=folder,
        events_out=settings,
    )
    assert not [name for name, _ in shown(config) if "events" in name]
    records = records_of(
        store,
        data_dir=folder,
        audit_key=None,
        audit_keep_days=180,
        session_hours=12,
        passwords=quick_passwords(),
        clock=clock,
    )
    transport = httpx.ASGITransport(app=archive.app)
    return build(config, link=OpenLine(), clock=clock, transport=transport, records=records)


def measured(center: Center) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("wayside_center_events_"), *sample.labels.values()): sample.value
        for family in metrics.families(center.metrics)
        for sample in family.samples
        if sample.name.startswith("wayside_center_events_")
    }


async def test_a_centre_sends_by_itself_and_one_receiver_that_is_away_holds_nothing_up(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    archive, broker = FakeArchive(), MosquittoBroker(tmp_path)
    away = MqttReceiver(
        id="away", host="127.0.0.1", port=free_port(), plain_text=True, kinds=("observation",), whole_centre=True,
        max_waiting=2,
    )  # fmt: skip
    center = centre_of(tmp_path, store, clock, archive, events_out(broker.settings(timeout_s=60.0), away))
    services = center.services
    services.devices.changed(camera_status("cam-1"))
    async with center.lifespan(FastAPI()):
        services.devices.heard(heartbeat())
        await eventually(lambda: "/commits" in archive.asked)
        for number in range(1, 6):
            archive.add(*observation("cam-1", NOW_MS - 60_000 + number * 1000, number))
        await eventually(lambda: {each.event.type for each in broker.received()} == TYPES, seen=broker.received)
        await eventually(lambda: measured(center)["waiting", "city", "bulk"] == 0)
        await eventually(lambda: measured(center).get(("dropped_total", "away", "outbox_full")) == 3)
        await eventually(lambda: measured(center).get(("sent_total", "city", "observation")) == 5)
        await eventually(lambda: measured(center)["failing", "away"] == 1)
        assert measured(center)["waiting", "away", "bulk"] == 2
        clock.now_ms += 5000
        report = await services.health.report()
        assert report.status is Condition.OK
        reports = {each.receiver: each for each in report.events_out}
        assert (reports["city"].fault, reports["city"].waiting, reports["city"].sent[EventKind.OBSERVATION]) == (
            "",
            0,
            5,
        )
        assert (reports["city"].acknowledged_at_ms or 0) >= NOW_MS
        assert (reports["away"].waiting, reports["away"].dropped) == (2, {"outbox_full": 3})
        assert reports["away"].fault
        await eventually(lambda: services.pipeline.prober.reports)
        await services.pipeline.prober.turn()
        verdicts: dict[Stage, Any] = {each.stage: each for each in (await services.pipeline.look()).verdicts}
        assert verdicts[Stage.EVENTS].state is StageState.AMBER
        assert [each.cause.code for each in verdicts[Stage.EVENTS].findings] == ["events_away"]
    await eventually(lambda: broker.retained["wayside-events/centre"] == b"offline")
    broker.close()


TYPES = {"wayside.observation.1", "wayside.camera_state.1"}
