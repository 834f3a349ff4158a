"""The centre orders a span of a whole agent through a real broker, and follows it until its rows are archived.

centre: TaskJobs ─signed─▶ MqttLink ─mTLS─▶ Mosquitto ─▶ agent (process) ──INVITE──▶ GB/T 28181 device, its recordings
          ▲                                    │  ▲
          └─ cameras, tasks, retained ◀────────┘  └── covered pictures of the span ──▶ archive
"""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from center.access.permissions import EVERYWHERE, Access, CameraKey, Grant, Identity, Role
from center.audit.log import Audit
from center.cases.workflow import CaseWorkflow
from center.fleet.devices import Devices
from center.fleet.mqtt import MqttLink
from center.fleet.roster import Roster
from center.tasks.job_views import JobView, TaskJobPhase
from center.tasks.jobs import JobRequest, TaskJobs
from center.tasks.sender import CommandSender
from provisioning.contracts.config.processes import Camera, RecordedSpan, Selector
from provisioning.contracts.fleet.commands import SpanWork, Verb
from provisioning.contracts.wire import codec
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from tests.center.world import tasks_config
from tests.edge_agent.premises import Archive, running
from tests.edge_agent.told import Centre
from tests.edge_agent.world import edge_config
from tests.scenarios.test_task_orders import Heard
from tests.support.exchange import Exchange
from tests.support.fresh_store import fresh_store
from tests.support.gb28181_agent import password_file, source
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID, film
from tests.support.gb28181_devices import Devices as Gb28181Devices
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(400)]

AGENT = "street"
GATE = CameraKey(AGENT, "gate")
SPAN_S = 24
ANA = Identity(1, "ana", 2**50, Access((Grant(Role.ANALYST),)))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Office:
    """The part of a centre that orders jobs, from `open` to `close`."""

    def __init__(self, folder: Path, exchange: Exchange, provisioning: Centre) -> None:
        self._store = fresh_store(folder / "center.sqlite3")
        self.audit = Audit(self._store, now_ms)
        self.devices = Devices(self._store, Roster(self._store, self.audit, None, now_ms), now_ms)
        self._link = MqttLink(exchange.section("center"), lambda: None)
        config = tasks_config(folder, provisioning.key, ends_at_ms=now_ms() + 10**9)
        sender = CommandSender(self._link.publish, config)
        self.jobs = TaskJobs(self._store, self.audit, self.devices, sender, now_ms)
        self.jobs.bound_by(CaseWorkflow(self._store, self.audit, now_ms, latest_ms=now_ms).is_approved)
        self._link.start(Heard(self.devices))

    def close(self) -> None:
        self._link.stop()
        self._store.close()

    def job(self, job_id: str) -> JobView:
        """The job as the centre has it, after a turn of its loop."""
        self.jobs.follow()
        return next(each for each in self.jobs.jobs(ANA, EVERYWHERE).items if each.id == job_id)


def test_a_span_that_the_centre_orders_is_fetched_paused_resumed_and_archived(
    tmp_path: Path, exchange: Exchange
) -> None:
    provisioning = Centre(tmp_path / "box")
    profile = DeviceProfile(PLATFORM_ID, PASSWORD, heartbeat_s=2.0, retry_s=0.2, pace=2.0)
    (channel,) = profile.channel_ids(FIRST_ID)
    gate = Camera(
        id="gate",
        source=source(FIRST_ID, channel, password_file(tmp_path)),
        selector=Selector(max_per_second=25, change_threshold=0, heartbeat_s=600),
    )
    port = free_port()
    edge = edge_config(
        tmp_path,
        gate,
        broker=exchange.section(AGENT).model_dump(),
        provisioning=provisioning.section.model_dump(),
        gb28181={"host": "127.0.0.1", "port": port, "platform_id": PLATFORM_ID},
        heartbeat_s=1.0,
    )
    began_ms = now_ms() // 1000 * 1000 - 4 * SPAN_S * 1000
    span = RecordedSpan(started_at_ms=began_ms, ended_at_ms=began_ms + SPAN_S * 1000)
    request = JobRequest((GATE,), SpanWork(span=span), "a stolen bicycle")
    with ExitStack() as stack:
        archive = Archive(exchange)
        stack.callback(archive.close)
        office = Office(tmp_path, exchange, provisioning)
        stack.callback(office.close)

        def offsets() -> list[int]:
            found = [codec.decode_snapshot(payload)[0].captured_at_ms for payload in list(archive.rows.values())]
            return sorted((at_ms - began_ms) // 1000 for at_ms in found if at_ms < began_ms + 2 * SPAN_S * 1000)

        with Gb28181Devices(("127.0.0.1", port), profile, footage=film()), running(tmp_path, edge) as agent:
            until(office.devices.cameras, "the agent names its cameras")
            assert [each.has_recorder for each in office.devices.cameras()] == [True]
            (ordered,) = office.jobs.begin_now(request, asker=ANA).items
            assert ordered.phase is TaskJobPhase.ORDERED
            until(lambda: office.job(ordered.id).phase is TaskJobPhase.RUNNING, "it runs")
            office.jobs.order(ordered.id, Verb.PAUSE, asker=ANA)
            until(lambda: office.job(ordered.id).phase is TaskJobPhase.PAUSED, "it is paused")
            office.jobs.order(ordered.id, Verb.RESUME, asker=ANA)
            until(lambda: office.job(ordered.id).phase.has_ended, "its end", seen=lambda: office.job(ordered.id))
            done = office.job(ordered.id)
            assert (done.phase, done.share) == (TaskJobPhase.DONE, 1.0)
            assert done.pictures >= SPAN_S
            until(lambda: set(offsets()) == set(range(SPAN_S)), "that span is archived", seen=offsets)
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(LONG_S) == 0
        actions = [entry.action for entry in reversed(office.audit.page(limit=9, action="task."))]
        assert actions == ["task.start", "task.pause", "task.resume"]
