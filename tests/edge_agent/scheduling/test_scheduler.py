"""what cameras see, what redaction costs ──▶ Steward ──▶ orders to each capture."""

import threading
from pathlib import Path

import pytest

from edge_agent.capture.camera_capture import CaptureLimits
from edge_agent.frames import CaptureStats, Followed, Selected, SelectReason
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from provisioning.contracts.config import processes
from tests.edge_agent.pipelines import PLATFORM, recorder
from tests.edge_agent.scheduling.obedient import Obedient
from tests.edge_agent.world import FakeClock, edge_config, frame, replay_camera

STOP = threading.Event()


class World:
    def __init__(
        self,
        folder: Path,
        *cameras: processes.Camera,
        overflow: str = "drop_oldest",
        share: float = 0.3,
        grants: int = 1,
    ) -> None:
        streams = {"moving_cameras": grants, "looking_share": share}
        edge = edge_config(folder, *cameras, redactor={"overflow": overflow}, streams=streams, gb28181=PLATFORM)
        self.clock = FakeClock()
        self.captures = {camera.id: Obedient() for camera in cameras}
        self.queue: FairQueue[Selected] = FairQueue(2, "drop_oldest")
        self.scheduler = Scheduler(edge, self.captures, self.queue, self.clock)
        self.seen = dict.fromkeys(self.captures, 0)

    def see(self, camera_id: str, *, changed: int = 0, moving: bool = False) -> None:
        self.seen[camera_id] += changed
        self.scheduler.sighted(CaptureStats(camera_id, 0, 1, self.seen[camera_id], moving, 0.0, None, None))

    def take(self, camera_id: str) -> Selected:
        selected = Selected(frame(camera_id=camera_id), SelectReason.CHANGE)
        self.queue.put(camera_id, selected, STOP)
        self.scheduler.queued(selected)
        return selected

    def redact(self, took_s: float | None = 1.0) -> None:
        selected = self.queue.take_next(0)
        assert selected is not None
        self.scheduler.left(selected, took_s)

    def last(self, camera_id: str) -> CaptureLimits:
        return self.captures[camera_id].orders[-1]


def live(camera_id: str, **options: object) -> processes.Camera:
    source = {"kind": "rtsp", "url": "rtsp://127.0.0.1/a"}
    return processes.Camera.model_validate({"id": camera_id, "source": source} | options)


LINES = [{"name": "line", "start": (0.5, 0), "end": (0.5, 1)}]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, live("gate"), live("yard"))


def test_a_camera_whose_place_is_full_is_told_and_told_again_when_there_is_room(world: World) -> None:
    world.take("gate")
    assert world.captures["gate"].orders == []
    world.take("gate")
    assert world.captures["gate"].orders == [CaptureLimits(is_full=True)]
    world.redact()
    assert world.captures["gate"].orders == [CaptureLimits(is_full=True), CaptureLimits()]
    assert world.captures["yard"].orders == []


def test_moving_cameras_share_what_redaction_costs_and_a_pace_is_not_told_twice(world: World) -> None:
    world.take("gate")
    world.redact(took_s=2.0)
    for camera in ("gate", "yard"):
        world.clock.pass_s(1)
        world.see(camera, changed=60)
    assert world.last("gate").least_ms > 2000
    assert world.last("yard").least_ms > 2000
    told = len(world.captures["gate"].orders)
    for _ in range(3):
        world.clock.pass_s(1)
        world.see("gate", changed=2)
    assert len(world.captures["gate"].orders) == told
    assert world.scheduler.rate_per_s() == pytest.approx(0.45)


def test_one_may_look_closer_at_a_time_and_one_that_is_lost_makes_room(world: World) -> None:
    world.see("gate", moving=True)
    world.see("yard", moving=True)
    assert world.last("gate").closer
    assert world.captures["yard"].orders == []
    world.scheduler.lost("gate")
    world.clock.pass_s(2)
    world.see("yard", moving=True)
    assert world.last("yard").closer
    assert not world.last("gate").closer


def test_a_device_that_registers_is_rationed_like_any_camera_and_its_recordings_are_not(tmp_path: Path) -> None:
    device = recorder("yard")
    now = device.model_copy(update={"id": "gate", "source": device.source.model_copy(update={"span": None})})
    world = World(tmp_path, now, device)
    for camera in ("gate", "yard"):
        world.take(camera)
        world.take(camera)
    assert world.last("gate").is_full
    assert world.captures["yard"].orders == []


def test_a_redaction_that_did_not_happen_costs_nothing(world: World) -> None:
    world.take("gate")
    world.redact(took_s=None)
    assert world.scheduler.rate_per_s() is None


@pytest.mark.parametrize(("realtime", "overflow"), [(False, "drop_oldest"), (True, "block")])
def test_a_recording_that_waits_is_not_rationed(tmp_path: Path, *, realtime: bool, overflow: str) -> None:
    world = World(tmp_path, replay_camera("film", tmp_path, realtime=realtime), overflow=overflow)
    world.take("film")
    world.take("film")
    world.redact(took_s=5.0)
    world.clock.pass_s(2)
    world.see("film", changed=100, moving=True)
    assert world.captures["film"].orders == []


def test_a_paced_recording_plays_a_camera(tmp_path: Path) -> None:
    world = World(tmp_path, replay_camera("film", tmp_path, realtime=True))
    world.take("film")
    world.take("film")
    assert world.last("film").is_full


def test_where_cameras_wait_for_the_redactor_only_their_place_in_the_queue_holds_them_back(tmp_path: Path) -> None:
    world = World(tmp_path, live("gate"), overflow="block")
    world.take("gate")
    world.redact(took_s=5.0)
    world.clock.pass_s(2)
    world.see("gate", changed=100)
    assert world.captures["gate"].orders == []
    world.take("gate")
    world.take("gate")
    assert world.last("gate") == CaptureLimits(is_full=True)


def test_where_there_is_a_line_machines_are_looked_for_while_something_moves(tmp_path: Path) -> None:
    world = World(tmp_path, live("gate", lines=LINES), live("yard"))
    world.see("yard", moving=True)
    assert world.last("yard") == CaptureLimits(closer=True)
    world.clock.pass_s(1)
    world.see("gate", moving=True)
    assert world.last("gate") == CaptureLimits(closer=True, looks_per_s=5.0)
    world.clock.pass_s(1)
    world.see("yard", moving=True)
    assert world.last("yard") == CaptureLimits()  # one stream decoded as a whole, and it is the one with the line
    world.scheduler.lost("gate")
    world.clock.pass_s(2)
    world.see("yard", moving=True)
    assert (world.last("gate"), world.last("yard")) == (CaptureLimits(), CaptureLimits(closer=True))


def test_a_stream_is_decoded_for_a_minute_more_unless_somebody_else_wants_that(tmp_path: Path) -> None:
    world = World(tmp_path, live("gate", lines=LINES), live("lane", lines=LINES))
    world.see("gate", moving=True)
    world.clock.pass_s(59)
    world.see("gate")
    assert world.last("gate").looks_per_s
    world.clock.pass_s(2)
    world.see("gate")
    assert not world.last("gate").looks_per_s
    world.see("gate", moving=True)
    world.see("lane", moving=True)
    world.clock.pass_s(1)
    world.see("gate")
    assert not world.last("gate").looks_per_s
    assert world.last("lane").looks_per_s


def test_without_time_for_looks_there_are_none(tmp_path: Path) -> None:
    world = World(tmp_path, live("gate", lines=LINES), share=0)
    world.see("gate", moving=True)
    assert world.last("gate") == CaptureLimits(closer=True)


def test_a_recording_is_looked_at_from_its_beginning(tmp_path: Path) -> None:
    film = replay_camera("film", tmp_path, realtime=False).model_copy(update={"lines": live("x", lines=LINES).lines})
    assert World(tmp_path, film).captures["film"].orders == [CaptureLimits(looks_per_s=5.0)]
    assert World(tmp_path, film, share=0).captures["film"].orders == []


def test_pictures_of_events_keep_their_camera_s_pace_and_wait_for_room(tmp_path: Path) -> None:
    world = World(tmp_path, live("gate", lines=LINES, selector={"max_per_second": 0.5}))
    assert world.scheduler.may_take("gate")
    world.scheduler.note_detection("gate", Followed(take=True, events=2), 0.05)
    world.clock.pass_s(1.9)
    assert not world.scheduler.may_take("gate")
    world.clock.pass_s(0.2)
    assert world.scheduler.may_take("gate")
    world.take("gate")
    world.take("gate")
    assert not world.scheduler.may_take("gate")
    looking = world.scheduler.detection_counts()
    assert (looking.looks, looking.events) == ({"gate": 1}, {"gate": 2})
