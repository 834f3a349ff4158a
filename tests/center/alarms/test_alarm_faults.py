"""Faults of cameras and of the platform: from what devices say to one alarm an episode."""

from collections.abc import Awaitable, Callable

import pytest

from center.alarms.lifecycle import AlarmEvent
from center.alarms.rules.inputs import PartFault
from provisioning.contracts.wire.messages import CameraState
from tests.center.alarms.conftest import Station
from tests.center.street import AGENT
from tests.center.world import camera_status, heartbeat

pytestmark = pytest.mark.anyio
CAMERAS = {"kind": "camera_fault", "for_s": 30}
PLATFORM = {"kind": "platform_fault", "for_s": 30}


def parts(**away: str | PartFault) -> Callable[[], Awaitable[dict[str, PartFault]]]:
    async def answer() -> dict[str, PartFault]:
        return {name: PartFault(fault) if isinstance(fault, str) else fault for name, fault in away.items()}

    return answer


async def pass_time(station: Station, seconds: int, *, silent: bool = False, **away: str | PartFault) -> None:
    for _ in range(seconds):
        station.clock.now_ms += 1000
        if not silent:
            station.devices.heard(heartbeat())
        await station.room.tend(parts(**away))


async def test_a_camera_that_stays_away_alarms_once_with_its_cause(station: Station) -> None:
    await station.enforce(CAMERAS)
    station.devices.link(up=True)
    station.devices.heard(heartbeat())
    station.devices.changed(camera_status("cam-1"))
    station.devices.changed(camera_status("cam-2", state=CameraState.OFFLINE, cause="no route to camera"))
    await pass_time(station, 29)
    assert station.events() == []
    await pass_time(station, 3)
    listed = station.room.care.alarms().items
    assert [(alarm.camera_id, alarm.finding.code, alarm.finding.cause) for alarm in listed] == [
        ("cam-2", "offline", "no route to camera")
    ]
    await pass_time(station, 20)
    station = station.again()
    await pass_time(station, 40)
    assert len(station.room.care.alarms().items) == 1


async def test_a_fault_that_comes_back_belongs_to_its_alarm_until_that_is_closed(station: Station) -> None:
    await station.enforce({"kind": "camera_fault", "for_s": 0}, window_s=1)
    station.devices.link(up=True)
    station.devices.heard(heartbeat())

    async def falls_away() -> None:
        since_ms = station.clock.now_ms
        status = camera_status("cam-1", state=CameraState.OFFLINE).model_copy(update={"since_ms": since_ms})
        station.devices.changed(status)
        await pass_time(station, 2)
        station.devices.changed(camera_status("cam-1"))
        await pass_time(station, 2)

    await falls_away()
    await falls_away()
    assert [(alarm.id, alarm.repeats) for alarm in station.room.care.alarms().items] == [(1, 1)]
    station.room.care.act(1, AlarmEvent.CLOSED, actor="operator")
    await falls_away()
    assert [(alarm.id, alarm.repeats) for alarm in station.room.care.alarms().items] == [(2, 0), (1, 1)]


async def test_an_agent_that_falls_silent_is_one_fault_and_not_one_of_each_of_its_cameras(station: Station) -> None:
    await station.enforce(PLATFORM)
    await station.enforce(CAMERAS)
    station.devices.link(up=True)
    station.devices.heard(heartbeat())
    station.devices.changed(camera_status("cam-1"))
    await pass_time(station, 59, silent=True)
    assert station.events() == []
    await pass_time(station, 5, silent=True)
    listed = station.room.care.alarms().items
    assert [(alarm.agent_id, alarm.camera_id, alarm.finding.code) for alarm in listed] == [(AGENT, "", "agent")]


async def test_a_part_that_is_away_alarms_and_a_short_gap_does_not(station: Station) -> None:
    await station.enforce(PLATFORM)
    await pass_time(station, 20, query="no answer")
    await pass_time(station, 1)
    await pass_time(station, 20, query="no answer")
    assert station.events() == []
    await pass_time(station, 40, query="no answer")
    assert [event for event, _ in station.events()] == ["raised"]
    assert station.room.care.alarms().items[0].finding.cause == "no answer"


async def test_an_amber_stage_alarms_where_the_rule_wants_warnings_and_nowhere_else(station: Station) -> None:
    await station.enforce(PLATFORM | {"warnings": True})
    await station.enforce(PLATFORM)
    station.devices.link(up=True)
    slow = PartFault("Server keeper: RAID md0 has 1 of 2 disks.", is_warning=True)
    await pass_time(station, 32, storage=slow)
    (alarm,) = station.room.care.alarms().items
    assert (alarm.finding.code, alarm.finding.cause) == ("storage", "Server keeper: RAID md0 has 1 of 2 disks.")
    await pass_time(station, 32, mail="The mail relay of channel mail is unavailable: no response.")
    assert sorted(each.finding.code for each in station.room.care.alarms().items) == ["mail", "mail", "storage"]
