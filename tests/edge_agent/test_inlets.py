"""An agent with [gb28181] runs its platform, and each camera of a device has its way to the device's channel."""

import threading
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from edge_agent.clock import SystemClock
from edge_agent.gb28181.devices.events import StatusTaken
from edge_agent.gb28181.manscdp.message_types import DeviceStatus
from edge_agent.health.camera_health import ClockMeasured
from edge_agent.inlets import DeviceClocks, Inlets
from edge_agent.sources.gb28181.channel import LiveChannel
from edge_agent.sources.gb28181.playback import Playback
from edge_agent.sources.recorder.playback import RecorderPlayback
from edge_agent.sources.recorder.span_camera import span_camera
from edge_agent.sources.snapshot.source import Snapshots
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockSource
from tests.edge_agent.gb28181.scripted import ID, PLATFORM, status
from tests.edge_agent.gb28181.serving import Wire, sources, wait_until_serving
from tests.edge_agent.spooling import open_spool
from tests.edge_agent.world import edge_config
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

SPAN = {"started_at_ms": 1, "ended_at_ms": 2}


def _inlets(
    folder: Path,
    *cameras: processes.Camera,
    clock_measured: ClockMeasured = lambda _camera_id, _source, _skew_ms, _bound_ms: None,
    **sections: object,
) -> Inlets:
    edge = edge_config(folder, *cameras, **sections)
    spool = open_spool(folder / "spool", SystemClock())
    with closing(spool):
        return Inlets(
            edge,
            spool,
            SystemClock(),
            unlock=None,
            heard=lambda _: None,
            clock_measured=clock_measured,
            is_paused=lambda _: False,
        )


def test_the_platform_runs_as_a_server_of_the_agent(tmp_path: Path) -> None:
    port = free_port()
    section = {"host": "127.0.0.1", "port": port, "platform_id": PLATFORM, "media_ports": (30000, 30003)}
    gate = processes.Camera(id="gate", source=sources(tmp_path)["gate"])
    recorded = processes.Camera(id="gate-yesterday", source=sources(tmp_path, span=SPAN)["gate"])
    street = processes.Camera(id="street", source=processes.RtspSource(url="rtsp://127.0.0.1/a"))
    doors = _inlets(tmp_path, gate, recorded, street, gb28181=section)
    assert doors.platform is not None
    assert set(doors.servers) == {"gb28181", "gb28181 media"}
    assert isinstance(doors.channel(gate), LiveChannel)
    assert isinstance(doors.channel(recorded), Playback)
    assert doors.channel(street) is None
    assert doors.source(gate) is None  # it is fetched
    stop = threading.Event()
    threads = [threading.Thread(target=serve, args=(stop,), name=name) for name, serve in doors.servers.items()]
    for thread in threads:
        thread.start()
    wait_until_serving(doors.platform)
    device = Wire(port)
    assert status(device.log_in()) == 200
    stop.set()
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive()
    device.close()
    assert doors.platform.device(ID).host == "127.0.0.1"


def test_recorders_have_channels_and_those_that_register_are_devices_of_the_platform(tmp_path: Path) -> None:
    section = {"host": "127.0.0.1", "port": free_port(), "platform_id": PLATFORM}
    password = tmp_path / "password"
    password.touch(0o600)
    gate = processes.Camera(id="gate", source=processes.RtspSource(url="rtsp://127.0.0.1/a"))
    yard = processes.Camera(id="yard", source=processes.RtspSource(url="rtsp://127.0.0.1/b"))
    registers = {
        "id": "gb-nvr",
        "kind": "gb28181",
        "device_id": ID,
        "username": ID,
        "password_file": password,
        "channels": {"gate": ID},
    }
    played = {"id": "nvr", "kind": "rtsp", "url": "rtsp://127.0.0.1/{channel}", "channels": {"yard": "1"}}
    doors = _inlets(tmp_path, gate, yard, gb28181=section, recorders=[registers, played])
    assert doors.platform is not None
    assert set(doors.platform.devices()) == {ID}
    recorders = TypeAdapter(processes.Recorders).validate_python([registers, played])
    assert isinstance(doors.channel(span_camera(gate, recorders, processes.RecordedSpan(**SPAN))), Playback)
    assert isinstance(doors.channel(span_camera(yard, recorders, processes.RecordedSpan(**SPAN))), RecorderPlayback)
    assert doors.channel(gate) is None


def test_without_the_section_there_is_no_platform(tmp_path: Path) -> None:
    street = processes.Camera(id="street", source=processes.RtspSource(url="rtsp://127.0.0.1/a"))
    doors = _inlets(tmp_path, street)
    assert (doors.platform, dict(doors.servers), doors.channel(street)) == (None, {}, None)


def test_an_agent_that_is_told_its_cameras_listens_before_it_has_any(tmp_path: Path) -> None:
    told = {"host": "h", "seal_key_file": "s", "secrets_key_file": "k", "documents_dir": "d"}
    section = {"host": "127.0.0.1", "port": 5060, "platform_id": PLATFORM}
    doors = _inlets(tmp_path, gb28181=section, provisioning=told)
    assert "gb28181" in doors.servers


def test_what_a_device_says_of_its_clock_reaches_its_live_cameras_alone(tmp_path: Path) -> None:
    told: list[tuple[str, ClockSource, float, float]] = []
    channels = {**sources(tmp_path), "gate-yesterday": sources(tmp_path, span=SPAN)["gate"]}
    clocks = DeviceClocks(channels, lambda *measured: told.append(measured))
    answer = DeviceStatus(True, True, None, "", "2026-11-28T12:00:00", ())
    clocks.heard(StatusTaken(ID, answer, 30_000, 520))
    clocks.heard(StatusTaken(ID, answer, None, None))  # it did not say its time
    clocks.heard(StatusTaken("34020000001180000099", answer, 1, 1))
    assert told == [("gate", ClockSource.SIP, 30_000, 520)]


def test_a_camera_that_uploads_snapshots_has_its_source_and_its_server_and_no_stream(tmp_path: Path) -> None:
    section = {"host": "127.0.0.1", "port": free_port(), "platform_id": PLATFORM, "snapshot_port": free_port()}
    password = tmp_path / "password"
    password.touch(0o600)
    source = {"kind": "snapshot", "device_id": ID, "channel_id": ID, "username": ID, "password_file": password}
    gate = processes.Camera.model_validate({"id": "gate", "source": source})
    doors = _inlets(tmp_path, gate, gb28181=section)
    assert "gb28181 snapshots" in doors.servers
    assert isinstance(doors.source(gate), Snapshots)
    assert doors.channel(gate) is None
    assert doors.platform is not None
    assert set(doors.platform.devices()) == {ID}


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"url": "http://h/a", "onvif_url": "http://h/b"},
        {"url": "http://u:p@h/a"},
        {"url": "ftp://h/a"},
        {"url": "http://h/a", "profile": "main"},
        {"device_id": ID, "username": ID, "password_file": "p"},
        {"device_id": ID, "channel_id": ID},
        {"device_id": ID, "channel_id": ID, "username": ID, "password_file": "p"},
    ],
    ids=["nothing", "two", "login-in-url", "ftp", "profile-alone", "no-channel", "no-password", "no-port"],
)
def test_a_snapshot_source_that_cannot_work_is_refused(tmp_path: Path, source: dict[str, object]) -> None:
    section = {"host": "127.0.0.1", "port": 5060, "platform_id": PLATFORM}
    with pytest.raises(ValidationError):
        edge_config(
            tmp_path,
            processes.Camera.model_validate({"id": "gate", "source": {"kind": "snapshot", **source}}),
            gb28181=section,
        )
