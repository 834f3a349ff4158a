"""Cameras and agents: what they say, and what their silence means."""

import pytest
from sqlalchemy import text

from center.database.store import Store
from center.fleet.devices import CauseKind, Devices, DeviceState
from center.fleet.roster import Roster
from provisioning.contracts.wire.messages import CameraState
from tests.center.conftest import Clock
from tests.center.street import AGENT
from tests.center.world import camera_status, configured, heartbeat


@pytest.fixture
def devices(store: Store, roster: Roster, clock: Clock) -> Devices:
    devices = Devices(store, roster, clock)
    devices.link(up=True)
    return devices


def test_a_camera_is_what_its_agent_says(devices: Devices) -> None:
    devices.heard(heartbeat())
    devices.changed(camera_status("cam-1", state=CameraState.PAUSED, cause="a leak was found; call the operator"))
    camera = devices.camera(AGENT, "cam-1")
    assert camera is not None
    assert (camera.state, camera.cause_kind) == (DeviceState.PAUSED, CauseKind.AGENT)
    assert camera.cause == "a leak was found; call the operator"
    assert devices.camera(AGENT, "cam-2") is None


def test_every_state_of_the_contract_can_be_shown() -> None:
    assert {state.value for state in CameraState} <= {state.value for state in DeviceState}


def test_three_missed_heartbeats_are_silence(devices: Devices, clock: Clock) -> None:
    devices.changed(camera_status("cam-1"))
    heard_at_ms = clock.now_ms
    devices.heard(heartbeat())
    clock.now_ms += 30_000
    assert devices.cameras()[0].state is DeviceState.ONLINE
    assert devices.agents()[0].state is DeviceState.ONLINE
    clock.now_ms += 1
    camera = devices.cameras()[0]
    assert (camera.state, camera.cause_kind, camera.since_ms) == (
        DeviceState.OFFLINE,
        CauseKind.AGENT_SILENT,
        heard_at_ms,
    )
    assert devices.agents()[0].state is DeviceState.OFFLINE
    devices.heard(heartbeat())
    assert devices.cameras()[0].state is DeviceState.ONLINE


def test_silence_is_measured_by_our_clock_not_the_agents(devices: Devices, clock: Clock) -> None:
    devices.changed(camera_status("cam-1"))
    devices.heard(heartbeat(sent_at_ms=0))
    assert devices.cameras()[0].state is DeviceState.ONLINE


def test_an_agent_that_beats_slowly_is_not_called_silent(devices: Devices, clock: Clock) -> None:
    devices.changed(camera_status("cam-1"))
    devices.heard(heartbeat())
    clock.now_ms += 60_000
    devices.heard(heartbeat())
    clock.now_ms += 100_000
    assert devices.cameras()[0].state is DeviceState.ONLINE
    clock.now_ms += 80_001
    assert devices.cameras()[0].state is DeviceState.OFFLINE


def test_a_retained_state_of_an_agent_that_never_beats_is_offline(devices: Devices, clock: Clock) -> None:
    devices.changed(camera_status("cam-1"))
    assert devices.cameras()[0].state is DeviceState.ONLINE
    clock.now_ms += 30_001
    assert devices.cameras()[0].state is DeviceState.OFFLINE


def test_without_the_broker_nobody_knows_and_agents_get_their_time_after_it(devices: Devices, clock: Clock) -> None:
    devices.changed(camera_status("cam-1"))
    devices.heard(heartbeat())
    clock.now_ms += 5_000
    devices.link(up=False)
    clock.now_ms += 600_000
    camera = devices.cameras()[0]
    assert (camera.state, camera.cause_kind) == (DeviceState.UNKNOWN, CauseKind.BROKER_AWAY)
    assert camera.since_ms == clock.now_ms - 600_000
    assert devices.agents()[0].state is DeviceState.UNKNOWN
    devices.link(up=True)
    assert devices.cameras()[0].state is DeviceState.ONLINE
    clock.now_ms += 30_001
    assert devices.cameras()[0].state is DeviceState.OFFLINE


def test_the_next_start_knows_them(devices: Devices, store: Store, roster: Roster, clock: Clock) -> None:
    devices.heard(heartbeat())
    devices.changed(camera_status("cam-1", name="North gate"))
    devices.configured(configured(3))
    devices.configured(configured(4))
    devices.changed(camera_status("cam-2"))
    devices.removed(AGENT, "cam-2")
    again = Devices(store, roster, clock)
    again.load()
    again.link(up=True)
    assert [(camera.camera_id, camera.title) for camera in again.cameras()] == [("cam-1", "North gate")]
    assert again.agents()[0].spool_messages == 12
    assert again.agents() == devices.agents()
    configuration = again.agents()[0].configuration
    assert configuration is not None
    assert configuration.number == 4


def test_a_record_of_another_version_is_counted_and_replaced(
    devices: Devices, store: Store, roster: Roster, clock: Clock
) -> None:
    devices.heard(heartbeat())
    devices.changed(camera_status("cam-1"))
    devices.changed(camera_status("cam-2"))
    devices.configured(configured())
    with store.transaction() as session:
        session.execute(text("""UPDATE cameras SET status = '{"version": 99}' WHERE camera_id = 'cam-1'"""))
        session.execute(text("UPDATE agents SET heartbeat = 'nonsense'"))
        session.execute(text("UPDATE configured SET configured = '[]'"))
    again = Devices(store, roster, clock)
    again.load()
    assert [camera.camera_id for camera in again.cameras()] == ["cam-2"]
    assert again.unreadable_records == 3
    again.changed(camera_status("cam-1"))
    assert len(again.cameras()) == 2


def test_the_bytes_of_a_camera_are_its_agents_count_since_its_start(devices: Devices) -> None:
    assert devices.traffic(AGENT, "cam-1") is None
    told = heartbeat().model_copy(update={"received_bytes": {"cam-1": 5_000_000}})
    devices.heard(told)
    assert devices.traffic(AGENT, "cam-2") is None
    traffic = devices.traffic(AGENT, "cam-1")
    assert traffic is not None
    assert (traffic.received_bytes, traffic.since_ms) == (5_000_000, told.started_at_ms)
