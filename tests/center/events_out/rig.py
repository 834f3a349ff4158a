"""Events over a fake archive, real devices, alarms and assessment: its turns are a test's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.tables import AlarmRecord, RuleRecord
from center.alarms.views import RuleFindingView
from center.alarms.writer import AlarmWriter
from center.assessment.service import Assessment
from center.audit.log import Audit
from center.database.store import Store
from center.events_out.service import EventsOutService
from center.fleet.devices import Devices
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.config.events_out import EventsOut, KafkaReceiver, MqttReceiver
from provisioning.contracts.wire.messages import CameraState
from tests.center.conftest import Clock
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status, heartbeat
from tests.support.events_out_process import wire
from tests.support.fresh_store import fresh_store

DISTRICT: Final = "north"
REGISTER: Final = f"""agent_id,camera_id,name,district,gb_code,latitude,longitude
{AGENT},cam-1,Gate,{DISTRICT},,,
{AGENT},cam-2,Yard,south,,,
"""


def mqtt(**others: Any) -> MqttReceiver:
    """A receiver of one district, which nobody connects to."""
    given = {"id": "city", "host": "127.0.0.1", "port": 1, "plain_text": True, "districts": (DISTRICT,)}
    return MqttReceiver.model_validate(given | others)


def events_out(*receivers: MqttReceiver | KafkaReceiver) -> EventsOut:
    """The section of these receivers."""
    return EventsOut(
        mqtt=tuple(each for each in receivers if isinstance(each, MqttReceiver)),
        kafka=tuple(each for each in receivers if isinstance(each, KafkaReceiver)),
    )


@dataclass
class Rig:
    """A service of events and what is around it."""

    service: EventsOutService
    archive: FakeArchive
    store: Store
    audit: Audit
    alarms: AlarmWriter
    devices: Devices
    assessment: Assessment
    clock: Clock
    _passed_s: list[float]

    def pass_s(self, seconds: float) -> None:
        """Let time pass for the pauses after a fault."""
        self._passed_s[0] += seconds

    def commit(self, count: int, *, cameras: tuple[str, ...] = ("cam-1", "cam-2"), first: int = 1) -> None:
        """Commit so many rows, the cameras taking turns."""
        for number in range(first, first + count):
            at_ms = NOW_MS - 600_000 + number * 1000
            self.archive.add(*observation(cameras[number % len(cameras)], at_ms, number))

    def queued(self, receiver: str = "city") -> list[Any]:
        """Events that wait, in their order, as JSON has them."""
        return [httpx.Response(200, content=each.payload).json() for each in self.service.outbox.heads(receiver, 5000)]

    def raise_alarm(self, camera_id: str = "cam-1", *, kind: str = "zone_entry", name: str = "a rule") -> int:
        """Raise an alarm; returns its number."""
        return raise_alarm(self.alarms, camera_id, kind=kind, name=name)


def raise_alarm(alarms: AlarmWriter, camera_id: str, *, kind: str = "zone_entry", name: str = "a rule") -> int:
    """Write an alarm as the evaluator does."""
    with alarms.writing() as writing:
        if writing.session.get(RuleRecord, 1) is None:
            writing.session.add(RuleRecord(id=1, newest=1, on_version=1, retired_at_ms=None))
            writing.session.flush()
        alarm = AlarmRecord(
            rule_id=1,
            rule_version=1,
            rule_name=name,
            kind=kind,
            severity="warning",
            place=f"{AGENT}/{camera_id}",
            agent_id=AGENT if camera_id else "",
            camera_id=camera_id,
            row_key=None,
            finding=RuleFindingView(where="the gate").model_dump_json(),
            state=AlarmState.OPEN,
            level=0,
            quiet=False,
            repeats=0,
            raised_at_ms=writing.now_ms,
            last_at_ms=writing.now_ms,
            clock="",
            heard_at_ms=writing.now_ms,
        )
        writing.session.add(alarm)
        writing.session.flush()
        writing.note(alarm, AlarmEvent.RAISED, "(alarms)")
        return alarm.id


@asynccontextmanager
async def rig(folder: Path, *receivers: MqttReceiver | KafkaReceiver, store: Store | None = None) -> AsyncIterator[Rig]:
    """Wires it; its archive is empty, its marks stand at their begin, and one camera of each district is online."""
    made = fresh_store(folder / "center.sqlite3") if store is None else store
    clock, archive, passed_s = Clock(), FakeArchive(), [1000.0]
    audit = Audit(made, clock)
    search = Search(
        url="http://archive.test",
        token=TOKEN,
        audit=audit,
        positions=CameraPositions(made, dict),
        transport=httpx.ASGITransport(app=archive.app),
    )
    service, alarms, devices, assessment = wire(
        made, search, events_out(*receivers), clock, monotonic_s=lambda: passed_s[0]
    )
    assessment.register.take(REGISTER.encode(), actor="tests", replace=True)
    devices.link(up=True)
    for camera in ("cam-1", "cam-2"):
        devices.changed(camera_status(camera, state=CameraState.ONLINE))
    devices.heard(heartbeat())
    try:
        await service.reader.read_observations()
        await asyncio.to_thread(service.reader.read_alarms)
        yield Rig(service, archive, made, audit, alarms, devices, assessment, clock, passed_s)
    finally:
        await asyncio.gather(*(sender.close() for sender in service.senders))
        await search.close()
        if store is None:
            await asyncio.to_thread(made.close)
