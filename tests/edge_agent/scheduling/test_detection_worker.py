"""looks of several cameras ──▶ Looker ──▶ an answer to each, whatever happens."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.capture.camera_capture import Captured, CaptureLimits
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import DetectionRequest, Followed, Reduced, Selected
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.scheduling.detection_worker import DetectionWorker
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import CameraState
from tests.edge_agent.sightings import live_camera
from tests.edge_agent.street import PacedClock
from tests.edge_agent.world import EPOCH_MS, FakeClock, edge_config
from tests.support.waiting import LONG_S

LINES = [{"name": "line", "start": (0.5, 0), "end": (0.5, 1)}]


def look(camera_id: str = "gate", second: int = 0) -> DetectionRequest:
    reduced = Reduced(np.zeros((36, 64, 3), np.uint8), (64, 36))
    return DetectionRequest(camera_id, EPOCH_MS + 1000 * second, reduced, is_taken=False)


class Answered:
    """A capture that is told."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bool]] = []
        self.came = threading.Event()

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        yield from ()

    def obey(self, orders: CaptureLimits) -> None:
        pass

    def answer(self, at_ms: int, *, take: bool) -> None:
        self.answers.append(((at_ms - EPOCH_MS) // 1000, take))
        self.came.set()


class Follower:
    """Sees what the test says, in so many seconds."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.finds: Followed | Exception = Followed(take=True, events=1)
        self.may: list[bool] = []
        self.forgotten = self.expired = 0

    def detect(self, look: DetectionRequest, *, may_take: bool) -> Followed:
        self.may.append(may_take)
        self._clock.pass_s(0.1)
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds

    def forget(self) -> None:
        self.forgotten += 1

    def expire(self) -> None:
        self.expired += 1


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = PacedClock()
        cameras = [live_camera("gate", lines=LINES), live_camera("yard", lines=LINES), live_camera("lane")]
        edge = edge_config(folder, *cameras)
        self.captures = {camera.id: Answered() for camera in cameras}
        self.followers = {"gate": Follower(self.clock), "lane": Follower(self.clock)}
        self.queue: FairQueue[Selected] = FairQueue(1, "drop_oldest")
        self.pauses = Pauses(folder)
        self.health = Health("street", cameras, self.pauses, self.clock, lambda: None)
        self.scheduler = Scheduler(edge, self.captures, self.queue, self.clock)
        self.detection_worker = DetectionWorker(self.followers, self.captures, self.scheduler, self.health, self.clock)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_event_asks_for_its_picture_and_the_time_of_the_look_is_counted(world: World) -> None:
    world.detection_worker.detect(look())
    assert world.captures["gate"].answers == [(0, True)]
    looking = world.scheduler.detection_counts()
    assert (looking.looks["gate"], looking.events["gate"]) == (1, 1)
    assert looking.look_s > 0.05
    world.detection_worker.detect(look(second=1))
    assert world.followers["gate"].may == [True, False]  # one a second


def test_a_camera_without_a_follower_or_one_that_is_paused_is_answered_too(world: World) -> None:
    world.detection_worker.detect(look("yard"))
    assert world.captures["yard"].answers == [(0, False)]
    world.health.pause("gate")
    world.detection_worker.detect(look())
    assert world.captures["gate"].answers == [(0, False)]
    assert world.followers["gate"].may == []


def test_a_detector_that_cannot_run_shows_at_the_camera(world: World) -> None:
    world.followers["gate"].finds = RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, OTHER(detail="no model"))
    world.detection_worker.detect(look())
    status, *_ = world.health.statuses()
    assert (status.state, status.cause) == (CameraState.REDACTION_UNAVAILABLE, "no model")
    assert world.captures["gate"].answers == [(0, False)]


def test_a_look_that_nobody_asked_for_is_not_looked_at(world: World) -> None:
    world.detection_worker.detect(look("lane"))  # from the process of a decoder that is in other hands
    assert world.captures["lane"].answers == [(0, False)]
    assert world.followers["lane"].may == []


def test_a_bug_leaves_no_camera_without_an_answer(world: World) -> None:
    world.followers["gate"].finds = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        world.detection_worker.detect(look())
    assert world.captures["gate"].answers == [(0, False)]


def test_one_waits_a_camera_and_an_older_one_is_answered_unseen(world: World) -> None:
    world.detection_worker.put(look())
    world.detection_worker.put(look(second=1))
    assert world.captures["gate"].answers == [(0, False)]


def test_the_thread_looks_and_forgets_by_the_clock(world: World) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=world.detection_worker.run, args=(stop,))
    thread.start()
    try:
        world.clock.pass_s(1)
        world.detection_worker.put(look())
        assert world.captures["gate"].came.wait(LONG_S)
    finally:
        stop.set()
        thread.join()
    assert world.followers["gate"].expired == 1
    world.detection_worker.turned("gate")
    world.detection_worker.turned("yard")
    assert world.followers["gate"].forgotten == 1
