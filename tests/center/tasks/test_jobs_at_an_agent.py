"""The centre's jobs and an agent's own side of them: what one sends the other takes, and what it reports is shown.

```
POST /api/jobs ─▶ Jobs ─signed─▶ TaskOrders (the agent's) ◀─ progress of its runner
                    ▲                 │
                    └── TaskReport ◀──┘
```
"""

from pathlib import Path
from typing import Any

import httpx
import pytest

from edge_agent.remote_config.job_rules import JobProgress, JobSite
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.fleet.commands import JobPhase
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import SourceKind
from tests.center.conftest import World
from tests.center.street import AGENT, NOW_MS
from tests.center.tasks.test_jobs import HOUR_MS, LIVE, begun, job
from tests.center.world import camera_status, heartbeat
from tests.edge_agent.world import FakeClock

pytestmark = pytest.mark.anyio

SITE = JobSite(frozenset({"cam-1", "cam-2"}), frozenset({"cam-1"}), frozenset({"cam-1", "cam-2"}))
"""`cam-2` had a recorder when its state was reported."""


class Edge:
    """The agent's side, with the seal that the centre's warrant is by."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        seal = folder / "agent-seal.pub"
        seal.write_text(world.seal_key.seal.key)
        provisioning = Provisioning(host="x", seal_key_file=seal, secrets_key_file=folder, documents_dir=folder)
        folder.joinpath("spool").mkdir()
        self.orders = TaskOrders(folder / "spool", AGENT, provisioning, FakeClock(NOW_MS))
        self.orders.serve([], SITE)

    def exchange(self) -> None:
        """All that is sent arrives, and each answer comes back."""
        while self._world.line.sent:
            topic, payload = self._world.line.sent.pop(0)
            assert topic == topics.commands(AGENT)
            self.orders.accept(payload)
            self.report()

    def report(self) -> None:
        said = self.orders.report()
        assert said is not None
        self._world.mailbox.deliver(topics.tasks(AGENT), codec.encode(said))
        self._world.services.jobs.follow()


@pytest.fixture
def edge(world: World, tmp_path: Path) -> Edge:
    for camera_id in ("cam-1", "cam-2"):
        status = camera_status(camera_id).model_copy(update={"source": SourceKind.RTSP, "has_recorder": True})
        world.services.devices.changed(status)
    made = Edge(world, tmp_path)
    made.report()
    world.services.devices.heard(heartbeat())
    return made


async def act(user: httpx.AsyncClient, job_id: str, what: str) -> None:
    assert (await user.post(f"/api/jobs/{job_id}/{what}")).status_code == 200


async def test_a_span_from_its_order_to_its_end(user: httpx.AsyncClient, edge: Edge) -> None:
    (ordered,) = await begun(user, "cam-1")
    job_id = ordered["id"]
    edge.exchange()
    assert (await job(user, job_id))["phase"] == "waiting"
    half = JobProgress(JobPhase.RUNNING, None, NOW_MS - HOUR_MS * 3 // 2, 7, 5, {"duplicate": 1}, run_ms=900_000)
    edge.orders.advance({job_id: half}, at_once=True)
    edge.report()
    shown = await job(user, job_id)
    assert (shown["phase"], shown["share"], shown["pictures"], shown["speed"]) == ("running", 0.5, 7, 2.0)
    for what, phase in (("pause", "paused"), ("resume", "waiting"), ("cancel", "cancelled")):
        await act(user, job_id, what)
        edge.exchange()
        assert (await job(user, job_id))["phase"] == phase


async def test_what_the_agent_refuses_is_shown_with_its_cause(user: httpx.AsyncClient, edge: Edge) -> None:
    (without,) = await begun(user, "cam-2")
    (first,) = await begun(user, "cam-1", work=LIVE)
    edge.exchange()
    (second,) = await begun(user, "cam-1", work=LIVE)
    edge.exchange()
    shown: list[dict[str, Any]] = [await job(user, each["id"]) for each in (without, first, second)]
    assert [each["phase"] for each in shown] == ["refused", "waiting", "refused"]
    assert [shown[0]["reason"]["code"], shown[2]["reason"]["code"]] == ["no_recorder", "job_live_twice"]
