"""Pushed pictures between a server's thread and a camera's: in order, once, bounded, and the camera missed in time.

offer ──▶ waiting bytes ──▶ decode ──▶ Glance
"""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import Silent
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.pushed import picture_queue as module
from edge_agent.sources.pushed.bounded_decoder import BoundedDecoder
from edge_agent.sources.pushed.picture_queue import OLDEST_MS, OfferResult, PictureQueue, captured
from provisioning.contracts.causes.pictures import RECEIVER_CLOSED
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.viid.promises import Promised
from tests.edge_agent.world import EPOCH_MS, FakeClock, noise
from tests.support.waiting import LONG_S

DEVICE, OTHER = "34020000001190000001", "34020000001190000002"
MIB = 1024 * 1024


class World:
    """Two cameras, a clock, and who was heard."""

    def __init__(self, memory_bytes: int = 16 * MIB, decoding: BoundedDecoder | None = None) -> None:
        self.clock = FakeClock()
        self.stop = threading.Event()
        self.alive: list[str] = []
        self.decoding = decoding or BoundedDecoder()
        self.promised = Promised()
        sources = {
            camera_id: processes.ViidSource(device_id=device_id, username="u", password_file=Path("p"), keepalive_s=60)
            for camera_id, device_id in (("gate", DEVICE), ("yard", OTHER))
        }
        self.pictures = PictureQueue(sources, memory_bytes, self.decoding, self.clock, self.promised, self.alive.append)

    def offer(self, data: bytes, shot_at_ms: int | None = None, device_id: str = DEVICE) -> OfferResult:
        """As the server does it: the bytes are taken first, and given back unless they are accepted."""
        assert self.pictures.budget.try_take_bytes(len(data))
        key = hashlib.sha256(data).hexdigest()[:8]
        offer = self.pictures.offer(device_id, data, shot_at_ms, key)
        if offer is not OfferResult.ACCEPTED:
            self.pictures.budget.give_bytes(len(data))
        return offer

    def frames(self, camera_id: str = "gate") -> Iterator[Glance | Skipped]:
        return self.pictures.source(camera_id).frames(self.stop)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_UP_S", 0.01)


def jpeg(seed: int, size_bytes: int = 0) -> bytes:
    """A picture, padded behind its end."""
    data = cv2.imencode(".jpg", noise(seed))[1].tobytes()
    return data + bytes(max(0, size_bytes - len(data)))


def test_a_picture_is_promised_until_it_was_looked_at_be_it_one_or_not() -> None:
    world = World()
    for data in (jpeg(1), b"no picture", jpeg(2)):
        assert world.offer(data, EPOCH_MS) is OfferResult.ACCEPTED
    frames, promised = world.frames(), list(world.promised.open)
    assert set(world.promised.open.values()) == {"gate"}
    for number in range(3):
        next(frames)
        assert list(world.promised.open) == promised[number:]
    del frames  # whoever took the last one never came back for more: nobody knows what became of it
    assert list(world.promised.open) == promised[2:]


def test_a_strip_that_a_device_pushes_is_skipped_by_name_and_the_next_picture_comes() -> None:
    world = World()
    strip = cv2.imencode(".jpg", np.zeros((1, 16384, 3), np.uint8))[1].tobytes()
    for data in (strip, jpeg(1)):
        assert world.offer(data, EPOCH_MS) is OfferResult.ACCEPTED
    frames = world.frames()
    skipped, glance = next(frames), next(frames)
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, "16384×1 px" in skipped.message) == (SkipReason.SHAPE, True)
    assert isinstance(glance, Glance)
    assert len(world.promised.open) == 1, "the strip's is settled"


def test_without_room_for_a_promise_the_device_keeps_its_picture() -> None:
    world = World()
    world.promised.is_full = True
    assert world.offer(jpeg(1)) is OfferResult.BUSY
    world.promised.is_full = False
    assert world.offer(jpeg(1)) is OfferResult.ACCEPTED


def test_pictures_come_out_in_the_order_of_coming_with_the_devices_time() -> None:
    world = World()
    for seed in range(3):
        assert world.offer(jpeg(seed), EPOCH_MS - 1000 * seed) is OfferResult.ACCEPTED
    frames = world.frames()
    for seed in range(3):
        glance = next(frames)
        assert isinstance(glance, Glance)
        assert (glance.camera_id, glance.captured_at_ms) == ("gate", EPOCH_MS - 1000 * seed)
        assert glance.clock is ClockQuality.UNKNOWN
        assert glance.pushed
        assert np.abs(glance.pixels().astype(int) - noise(seed)).mean() < 20


def test_a_picture_wakes_the_camera_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_UP_S", 60.0)
    world = World()
    came: list[Glance | Skipped] = []
    camera = threading.Thread(target=lambda: came.append(next(world.frames())), daemon=True)
    camera.start()
    assert world.offer(jpeg(1)) is OfferResult.ACCEPTED
    camera.join(LONG_S)
    assert len(came) == 1


def test_the_same_again_is_a_duplicate_for_a_day() -> None:
    world = World()
    assert world.offer(jpeg(1)) is OfferResult.ACCEPTED
    assert world.offer(jpeg(1)) is OfferResult.DUPLICATE
    assert world.offer(jpeg(1), device_id=OTHER) is OfferResult.ACCEPTED
    world.clock.pass_s(24 * 3600 - 1)
    assert world.offer(jpeg(1)) is OfferResult.DUPLICATE
    world.clock.pass_s(2)
    assert world.offer(jpeg(1)) is OfferResult.ACCEPTED


def test_what_is_remembered_is_bounded() -> None:
    world = World()
    for number in range(3000):
        assert world.pictures.offer(DEVICE, b"", None, str(number)) is OfferResult.ACCEPTED
        assert world.pictures._lanes[DEVICE].next(0) is not None
    assert len(world.pictures._lanes[DEVICE]._seen) == 1024


def test_a_full_lane_is_busy_and_forgets_nothing() -> None:
    world = World()
    offers = [world.offer(jpeg(seed)) for seed in range(70)]
    assert offers == [OfferResult.ACCEPTED] * 64 + [OfferResult.BUSY] * 6
    assert world.offer(jpeg(0), device_id=OTHER) is OfferResult.ACCEPTED
    frames = world.frames()
    next(frames)
    assert world.offer(jpeg(69)) is OfferResult.ACCEPTED  # what was busy has not been seen
    assert len([next(frames) for _ in range(64)]) == 64


def test_what_nobody_will_look_at_is_told_by_name_and_its_memory_comes_back() -> None:
    world = World()
    for seed in range(3):
        world.offer(jpeg(seed))
    world.offer(jpeg(9), device_id=OTHER)
    frames = world.frames()
    first = next(frames)
    assert isinstance(first, Glance)
    left = list(world.pictures.left())
    assert [camera for camera, _ in left] == ["gate", "gate", "yard"]
    assert first.frame().observation_id not in {observation_id for _, observation_id in left}
    assert len({observation_id for _, observation_id in left}) == 3
    assert world.pictures.budget.taken_bytes() == 0
    assert list(world.pictures.left()) == []


def test_a_device_has_a_quarter_of_the_memory_and_at_least_one_picture() -> None:
    world = World(memory_bytes=4 * MIB)
    assert world.offer(jpeg(0, 600_000)) is OfferResult.ACCEPTED
    assert world.offer(jpeg(1, 600_000)) is OfferResult.BUSY
    assert world.offer(jpeg(2, 2_000_000), device_id=OTHER) is OfferResult.ACCEPTED
    frames = world.frames()
    next(frames)
    assert world.offer(jpeg(1, 600_000)) is OfferResult.ACCEPTED
    next(frames)
    assert world.offer(jpeg(3, 400_000)) is OfferResult.ACCEPTED
    assert world.offer(jpeg(4, 400_000)) is OfferResult.ACCEPTED


def test_the_bytes_go_back_when_a_picture_is_decoded_or_of_no_use() -> None:
    world = World()
    world.offer(jpeg(1))
    world.offer(b"no picture at all" * 10)
    assert world.pictures.budget.taken_bytes() > 0
    frames = world.frames()
    assert isinstance(next(frames), Glance)
    skipped = next(frames)
    assert isinstance(skipped, Skipped)
    assert skipped.reason is SkipReason.UNKNOWN_FORMAT
    assert world.pictures.budget.taken_bytes() == 0


def test_pixels_are_let_go_when_the_next_picture_is_asked_for() -> None:
    world = World()
    world.offer(jpeg(1))
    world.offer(jpeg(2))
    frames = world.frames()
    first = next(frames)
    assert isinstance(first, Glance)
    assert world.decoding.taken_bytes() == first.pixels().nbytes
    second = next(frames)
    assert isinstance(second, Glance)
    assert world.decoding.taken_bytes() == second.pixels().nbytes
    with pytest.raises(ValueError, match="after the next"):
        first.pixels()


def test_a_camera_waits_until_others_pictures_have_been_looked_at() -> None:
    size = noise(1).nbytes
    world = World(decoding=BoundedDecoder(3 * size))  # while it is decoded a picture needs room for two
    world.offer(jpeg(1))
    world.offer(jpeg(2), device_id=OTHER)
    mine = next(world.frames())
    assert isinstance(mine, Glance)
    held = [mine.pixels(), mine.pixels().copy()]
    world.decoding._budget.try_take_bytes(size)
    came: list[Glance | Skipped] = []
    other = threading.Thread(target=lambda: came.append(next(world.frames("yard"))), daemon=True)
    other.start()
    while not world.decoding._budget._line:  # until it waits
        other.join(0.01)
    assert came == []
    world.decoding._budget.give_bytes(size)
    other.join(LONG_S)
    assert len(came) == 1
    assert held


def test_stop_ends_it_while_it_waits_for_room() -> None:
    world = World(decoding=BoundedDecoder(1))
    world.decoding._budget.try_take_bytes(1)
    world.offer(jpeg(1))
    came: list[list[Glance | Skipped]] = []
    camera = threading.Thread(target=lambda: came.append(list(world.frames())), daemon=True)
    camera.start()
    world.stop.set()
    camera.join(LONG_S)
    assert came == [[]]
    assert world.pictures.budget.taken_bytes() == 0


def test_three_missed_keepalives_are_silence_and_lose_nothing() -> None:
    world = World()
    world.pictures.heard(DEVICE)
    world.offer(jpeg(1))
    frames = world.frames()
    assert isinstance(next(frames), Glance)
    world.clock.pass_s(1000)
    world.offer(jpeg(2))
    assert isinstance(next(frames), Glance)  # never while pictures wait
    with pytest.raises(Silent, match=r"^camera gate: its device has not been heard for 1000 s: check") as caught:
        next(frames)
    assert caught.value.cause == "silent"
    world.offer(jpeg(3))
    assert isinstance(next(world.frames()), Glance)


def test_a_device_that_never_came_is_missed_after_three_keepalives() -> None:
    world = World()
    frames = world.frames()
    world.offer(jpeg(1))
    next(frames)
    world.clock.pass_s(179)
    world.pictures.turned_away(DEVICE, "its user name or password is not the configured one")
    world.clock.pass_s(2)
    with pytest.raises(Silent, match=r"turned away: its user name or password is not the configured one$"):
        next(frames)


def test_a_heard_device_is_not_missed_and_its_camera_is_said_to_be_alive() -> None:
    world = World()
    frames = world.frames()
    world.offer(jpeg(1))
    next(frames)
    for ordinal in range(5):
        world.clock.pass_s(170)
        world.pictures.heard(DEVICE)
        world.offer(jpeg(10 + ordinal))
        assert isinstance(next(frames), Glance)
    assert world.alive == ["gate"] * 5
    world.clock.pass_s(181)
    with pytest.raises(Silent):
        next(frames)


def test_a_server_that_cannot_listen_is_said_at_once() -> None:
    world = World()
    world.pictures.shut(RECEIVER_CLOSED(place="0.0.0.0:8400", error="in use"))
    with pytest.raises(Silent, match=r"^camera yard: no device can push"):
        next(world.frames("yard"))


@pytest.mark.parametrize(
    ("shot_ms", "expected"),
    [
        (None, (EPOCH_MS, ClockQuality.ARRIVAL)),
        (EPOCH_MS, (EPOCH_MS, ClockQuality.UNKNOWN)),
        (EPOCH_MS + 300_000, (EPOCH_MS + 300_000, ClockQuality.UNKNOWN)),
        (EPOCH_MS + 300_001, (EPOCH_MS, ClockQuality.ARRIVAL)),
        (EPOCH_MS - OLDEST_MS, (EPOCH_MS - OLDEST_MS, ClockQuality.UNKNOWN)),
        (EPOCH_MS - OLDEST_MS - 1, (EPOCH_MS, ClockQuality.ARRIVAL)),
        (0, (EPOCH_MS, ClockQuality.ARRIVAL)),
        (10**15, (EPOCH_MS, ClockQuality.ARRIVAL)),
    ],
)
def test_a_time_that_cannot_be_is_that_of_arrival(shot_ms: int | None, expected: tuple[int, ClockQuality]) -> None:
    assert captured(shot_ms, EPOCH_MS) == expected
