"""A whole centre with a superior in its configuration: it sends by itself, counts it, and says goodbye at its end."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from center import metrics
from center.app import build
from center.bootstrap import records_of
from center.config_view import shown
from center.database.store import Store
from center.pipeline.stages import Stage
from center.viid_cascade.composing import ObjectKind
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.files import durable
from tests.center.conftest import Clock
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import NOW_MS, observation
from tests.center.viid_cascade.rig import REGISTER, settings
from tests.center.world import OpenLine, quick_passwords
from tests.support.viid_superior import CENTRE_ID, Superior
from tests.support.waiting import LONG_S, eventually

pytestmark = pytest.mark.anyio


async def test_a_centre_sends_by_itself(
    store: Store, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.viid_cascade.service.LEAVE_S", LONG_S)
    archive = FakeArchive()
    with Superior() as superior:
        config = CenterConfig(
            broker=Broker(host="127.0.0.1", ca_file=tmp_path, cert_file=tmp_path, key_file=tmp_path),
            query_url="http://archive.test",
            query_token_file=durable.write(tmp_path / "query-token", TOKEN.encode()),
            data_dir=tmp_path,
            viid_cascade=(settings(tmp_path, superior.origin),),
        )
        assert not [name for name, value in shown(config) if "viid" in name or superior.origin in value]
        records = records_of(
            store,
            data_dir=tmp_path,
            audit_key=None,
            audit_keep_days=180,
            session_hours=12,
            passwords=quick_passwords(),
            clock=clock,
        )
        transport = httpx.ASGITransport(app=archive.app)
        center = build(config, link=OpenLine(), clock=clock, transport=transport, records=records)
        center.services.assessment.register.take(REGISTER.encode(), actor="tests", replace=True)
        async with center.lifespan(FastAPI()):
            await eventually(lambda: superior.registered == {CENTRE_ID})
            await eventually(lambda: "/commits" in archive.asked)
            for number in range(1, 5):
                archive.add(*observation("cam-1", NOW_MS - 60_000 + number * 1000, number))
            await eventually(lambda: len(superior.of("/VIID/Images")) == 4)
            cascade = center.metrics.viid_cascade
            await eventually(lambda: cascade.figures()["city"].sent.get(ObjectKind.IMAGES) == 4)
            assert cascade.backlog() == {}
            told = {
                (sample.name, *sample.labels.values()): sample.value
                for family in metrics.families(center.metrics)
                for sample in family.samples
            }
            assert told["wayside_center_viid_sent_total", "city", "images"] == 4
            assert told["wayside_center_viid_registered", "city"] == 1
            seen = await center.services.pipeline.look()
            assert Stage.SUPERIORS in {each.stage for each in seen.verdicts}
        assert superior.registered == set()
