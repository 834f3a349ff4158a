"""A camera's state follows from evidence: delivering, redacted, paused."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import SpoolFull
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.causes.pictures import LEAK
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config.processes import Camera
from provisioning.contracts.wire.messages import CameraState, CameraStatus, SourceKind
from tests.edge_agent.world import EPOCH_MS, FakeClock, replay_camera
from tests.support.power_cut import Disk


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.changes = 0
        self.pauses = Pauses(folder)
        self.health = Health("street", [replay_camera("gate", folder)], self.pauses, self.clock, self.changed)

    def changed(self) -> None:
        self.changes += 1

    def status(self) -> CameraStatus:
        (status,) = self.health.statuses()
        return status


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_from_start_to_online_to_offline_and_back(world: World) -> None:
    assert world.status().state is CameraState.STARTING
    world.clock.pass_s(5)
    world.health.delivering("gate")
    assert (world.status().state, world.status().since_ms) == (CameraState.ONLINE, EPOCH_MS + 5000)
    world.clock.pass_s(5)
    world.health.delivering("gate")
    assert world.status().since_ms == EPOCH_MS + 5000
    world.health.offline("gate", OTHER(detail="refused"))
    world.clock.pass_s(5)
    world.health.offline("gate", OTHER(detail="no route"))  # another cause, the same outage
    status = world.status()
    assert (status.state, status.cause, status.since_ms) == (CameraState.OFFLINE, "no route", EPOCH_MS + 10_000)
    world.health.delivering("gate")
    assert world.status().cause == ""
    assert world.changes == 4


def test_a_status_says_if_spans_of_its_recordings_can_be_fetched(tmp_path: Path) -> None:
    cameras = [replay_camera("gate", tmp_path), replay_camera("yard", tmp_path)]
    health = Health("street", cameras, Pauses(tmp_path), FakeClock(), lambda: None, recorded=["yard"])
    assert [status.has_recorder for status in health.statuses()] == [False, True]
    assert ["has_recorder" in status.model_dump() for status in health.statuses()] == [False, True]


def test_a_status_has_the_camera_s_place_and_direction(tmp_path: Path) -> None:
    place = {"latitude": 31.2, "longitude": 120.1, "bearing_deg": 270.0}
    camera = replay_camera("gate", tmp_path).model_copy(update=place)
    (status,) = Health("street", [camera], Pauses(tmp_path), FakeClock(), lambda: None).statuses()
    assert status.model_dump(include=set(place)) == place


def test_a_frame_is_no_proof_that_redaction_works(world: World) -> None:
    world.health.unredacted("gate", OTHER(detail="no model"))
    world.health.delivering("gate")
    assert world.status().state is CameraState.REDACTION_UNAVAILABLE
    world.health.redacted("gate", 10)
    assert world.status().state is CameraState.ONLINE


def test_paused_outranks_everything_and_has_one_cause(world: World) -> None:
    world.health.pause("gate")
    world.health.pause("gate")
    world.health.delivering("gate")
    world.health.offline("gate", OTHER(detail="refused"))
    assert (world.status().state, world.status().cause) == (CameraState.PAUSED, english(LEAK()))
    assert world.health.held() == {"gate"}
    world.pauses.resume("gate")
    assert world.status().state is CameraState.OFFLINE


def test_a_pause_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    Pauses(tmp_path).pause("gate")
    (file,) = (tmp_path / "paused").iterdir()
    assert all(disk.has(path) for path in (file, file.parent, tmp_path))


def test_an_acknowledgement_for_a_camera_that_is_gone_pauses_nothing(world: World, tmp_path: Path) -> None:
    world.health.pause("removed")
    assert not Pauses(tmp_path).is_paused("removed")


def test_a_camera_that_was_taken_out_can_still_be_paused_and_holds_its_pictures_back(tmp_path: Path) -> None:
    health = Health("street", [], Pauses(tmp_path), FakeClock(), lambda: None, former=["yard"])
    health.pause("yard")
    assert health.held() == {"yard"}
    assert health.statuses() == []


@given(cause=st.text(max_size=2000))
def test_any_cause_fits_the_contract(cause: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("health"))
    world.health.offline("gate", OTHER(detail=cause))
    assert len(world.status().cause) <= 500


def test_a_pause_survives_a_restart_and_is_private(tmp_path: Path) -> None:
    Pauses(tmp_path).pause("gate")
    assert Pauses(tmp_path).reason("gate") == LEAK()
    assert (tmp_path / "paused" / "gate").stat().st_mode & 0o777 == 0o600
    assert Pauses(tmp_path).resume("gate")
    assert not Pauses(tmp_path).resume("gate")
    assert not Pauses(tmp_path).is_paused("gate")


def test_a_pause_without_room_holds_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = Pauses(tmp_path)

    def no_room(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", no_room)
    with pytest.raises(SpoolFull, match="camera gate: paused, but"):
        pauses.pause("gate")
    assert pauses.reason("gate") == LEAK()
    assert pauses.resume("gate")
    assert not pauses.is_paused("gate")


def test_a_pause_that_cannot_be_read_counts_as_one(tmp_path: Path) -> None:
    (tmp_path / "paused" / "gate").mkdir(parents=True)
    reason = Pauses(tmp_path).reason("gate")
    assert reason is not None
    assert "cannot be read" in english(reason)


def test_a_state_says_how_the_pictures_come_and_from_which_device(tmp_path: Path) -> None:
    paper = {"username": "u", "password_file": "p"}
    channel = {"kind": "gb28181", "device_id": "34020000001180000001", "channel_id": "34020000001310000001", **paper}
    span = {"started_at_ms": 1, "ended_at_ms": 2}
    cameras = [
        Camera.model_validate({"id": name, "source": source})
        for name, source in {
            "rtsp": {"kind": "rtsp", "url": "rtsp://192.0.2.7/1"},
            "live": channel,
            "recorded": channel | {"span": span},
            "pushed": {"kind": "viid", "device_id": "34020000001190000001", **paper},
            "desk": {"kind": "upload"},
        }.items()
    ]
    health = Health("street", cameras, Pauses(tmp_path), FakeClock(), lambda: None)
    told = {each.camera_id: (each.source, each.device_id, each.recorded) for each in health.statuses()}
    assert told == {
        "rtsp": (SourceKind.RTSP, "", False),
        "live": (SourceKind.GB28181, "34020000001180000001", False),
        "recorded": (SourceKind.GB28181, "34020000001180000001", True),
        "pushed": (SourceKind.VIID, "34020000001190000001", False),
        "desk": (SourceKind.UPLOAD, "", False),
    }
