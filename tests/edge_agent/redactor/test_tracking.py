"""looks and snapshots of one camera ──▶ Follower ──▶ what is told of machines, and which moment is wanted."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from edge_agent.frames import DetectionRequest, Followed, Reduced
from edge_agent.redactor.region import region_of
from edge_agent.redactor.tracking import Follower
from edge_agent.tracker import Tracked
from edge_agent.tracker.timed_box import Mark
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import GROUP_OF
from engines.detection.tiles import Tile
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.camera import Lane, Line
from provisioning.contracts.wire.messages import Box, Machine, MachineClass, Motion
from tests.edge_agent.redacting import FakeEngine, blind_nanodet
from tests.edge_agent.tracker.test_tracker_boundary import kept
from tests.edge_agent.traffic_streets import camera
from tests.edge_agent.world import EPOCH_MS, FakeClock

SIZE = (1920, 1080)
SMALL = (740, 416)
UP = Line(name="gate", start=(0.5, 1.0), end=(0.5, 0.0))
EASTWARD = Lane(name="lane", polygon=((0.38, 0.3), (0.62, 0.3), (0.62, 0.7), (0.38, 0.7)), heading_deg=90)
CELLS, STRIDE = 13, 32
"""Of the coarsest of NanoDet's three grids, 416 px wide."""
REGION = region_of(camera(lines=(UP,)), SMALL)
"""A square: what the model is shown is as large as what the look shows."""


class Street:
    """A detector of one machine and one person, whose places in the model's square the test decides."""

    def __init__(self, *lines: Line, lanes: Sequence[Lane] = ()) -> None:
        self.clock = FakeClock()
        self.column, self.score, self.coco = 0, 0.8, 2
        detector = Detector(Catalog().manifest("nanodet-g-416"), FakeEngine("nanodet-g-416", self._seen))
        self.follower = Follower(camera(lines=lines, lanes=tuple(lanes)), detector, self.clock)
        self.at_ms = EPOCH_MS

    def _seen(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        outputs = blind_nanodet(inputs)
        cell = 6 * CELLS + self.column
        outputs["class_32"][0, cell, self.coco] = self.score
        outputs["class_32"][0, 2 * CELLS + 2, 0] = 0.95  # COCO's person
        outputs["box_32"][0, [cell, 2 * CELLS + 2], 1::11] = 9.0  # one stride to each side
        return outputs

    def look(self, column: int, *, may_take: bool = True, is_taken: bool = False, s: float = 0.5) -> Followed:
        self.column = column
        self.at_ms += round(s * 1000)
        self.clock.pass_s(s)
        reduced = Reduced(np.zeros((SMALL[1], SMALL[0], 3), np.uint8), SIZE)
        return self.follower.detect(DetectionRequest("cam", self.at_ms, reduced, is_taken), may_take=may_take)

    def drive(self, columns: Sequence[int], *, may_take: bool = True) -> list[Followed]:
        return [self.look(column, may_take=may_take) for column in columns]

    def told(self, *machines: Machine, doubtful: Sequence[Machine] = ()) -> tuple[Machine, ...]:
        """Of the snapshot of the latest look."""
        return self.follower.with_motion(self.at_ms, machines, doubtful, SIZE)

    def machine(self, *, score: float = 0.8) -> Machine:
        """As the redactor finds it in the whole picture: where the look had it, a little off."""
        x, y = REGION.x + (self.column + 0.5) * STRIDE, REGION.y + 6.5 * STRIDE
        scale = SIZE[0] / SMALL[0]
        box = [round(v * scale) for v in (x - 32, y - 32, x + 32, y + 32)]
        return Machine(
            cls=MachineClass.CAR, score=score, box=Box(x0=max(0, box[0] + 8), y0=box[1], x1=box[2], y1=box[3])
        )


@pytest.fixture
def street() -> Street:
    return Street(UP)


def spied(street: Street, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Machine, ...]]:
    """What the tracker is passed from now on."""
    passed: list[tuple[Machine, ...]] = []
    look = street.follower._tracker.update

    def noted(at_ms: int, machines: tuple[Machine, ...], size: tuple[int, int], *, is_reported: bool) -> Tracked:
        passed.append(machines)
        return look(at_ms, machines, size, is_reported=is_reported)

    monkeypatch.setattr(street.follower._tracker, "update", noted)
    return passed


def motion(machines: Sequence[Machine]) -> Motion:
    (machine,) = machines
    assert machine.motion is not None
    return machine.motion


def test_a_crossing_asks_for_a_picture_and_that_picture_tells_it(street: Street) -> None:
    followed = street.drive(range(2, 11))
    (crossing,) = [number for number, each in enumerate(followed) if each.take]
    assert [each.events for each in followed] == [int(number == crossing) for number in range(9)]
    street = Street(UP)
    street.drive(range(2, 2 + crossing + 1))
    told = motion(street.told(street.machine()))
    assert [(each.line, each.to) for each in told.crossed] == [("gate", "right")]
    assert told.heading_deg == pytest.approx(90, abs=3)
    street.look(2 + crossing + 1, is_taken=True)
    assert motion(street.told(street.machine())).crossed == ()


def test_a_crossing_whose_picture_may_not_be_had_is_told_with_the_next_snapshot(street: Street) -> None:
    followed = street.drive(range(2, 10), may_take=False)
    assert sum(each.events for each in followed) == 1
    assert not any(each.take for each in followed)
    assert not street.look(10, may_take=True, is_taken=True).take  # it is taken anyway
    assert [each.line for each in motion(street.told(street.machine())).crossed] == ["gate"]
    assert not street.look(11).take


def test_a_wrong_way_asks_for_one_picture_as_soon_as_it_may_be_had() -> None:
    street = Street(lanes=[EASTWARD])
    while not street.look(street.column - 1 if street.column else 11, may_take=False).events:
        assert street.column > 0
    followed = street.drive([street.column - 1, street.column - 2])
    assert [each.take for each in followed] == [True, False]


def test_nobody_is_looked_for_and_nobody_found_reaches_the_tracker(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = spied(street, monkeypatch)
    street.drive(range(2, 11))
    assert len(passed) == 9
    assert {len(machines) for machines in passed} == {1}
    assert {GROUP_OF[each.cls.value] for machines in passed for each in machines} == {"vehicle"}


def test_a_machine_of_low_score_is_followed_through_but_no_track_begins_with_it(street: Street) -> None:
    street.score = 0.3
    street.drive(range(2, 6))
    assert street.told(doubtful=[street.machine(score=0.3)]) == ()
    street.score = 0.8
    street.drive(range(6, 9))
    street.score = 0.3
    street.look(9, is_taken=True)
    assert motion(street.told(doubtful=[street.machine(score=0.3)])).heading_deg is not None
    street.look(10)
    assert street.told(street.machine()) == (street.machine(),)  # a look of which no snapshot was taken


def test_a_snapshot_without_a_look_is_a_look_itself(street: Street) -> None:
    for column in range(2, 7):
        street.column = column
        street.at_ms += 500
        told = street.told(street.machine())
    assert motion(told).heading_deg == pytest.approx(90, abs=3)


def test_what_the_redactor_does_not_find_again_is_told_as_the_look_saw_it_where_it_crossed(street: Street) -> None:
    while not street.look(street.column + 1 if street.column else 2).take:
        pass
    assert [each.line for each in motion(street.told()).crossed] == ["gate"]


def reachable(follower: Follower) -> list[Mark | Machine]:
    held = [machine for _, machines in follower._awaited.values() for machine in machines]
    return [*kept(follower._tracker), *held]


@pytest.mark.parametrize("seconds", [30.0, 61.5])
def test_when_a_camera_falls_silent_nothing_is_left_after_a_minute(street: Street, seconds: float) -> None:
    street.drive([2, 2, 2, 2])
    street.look(2, is_taken=True)
    assert reachable(street.follower)
    street.clock.pass_s(seconds)
    street.follower.expire()
    assert bool(reachable(street.follower)) == (seconds < 60)


def test_a_camera_that_was_turned_begins_anew(street: Street) -> None:
    street.drive(range(2, 6))
    street.look(6, is_taken=True)
    street.follower.forget()
    assert reachable(street.follower) == []
    assert not any(each.take for each in street.drive(range(7, 9)))


@pytest.mark.parametrize(
    ("line", "region"),
    [
        (((0.1, 0.2), (0.1, 0.4)), Tile(0, 0, 416, 416)),
        (((0.5, 0.2), (0.5, 0.9)), Tile(162, 0, 416, 416)),
        (((0.3, 0.9), (0.7, 0.9)), Tile(111, 0, 518, 416)),
        (((0.0, 0.9), (1.0, 0.9)), Tile(0, 0, 740, 416)),
        (None, Tile(0, 0, 740, 416)),
    ],
)
def test_the_region_holds_the_places_and_what_leads_there(
    line: tuple[tuple[float, float], tuple[float, float]] | None, region: Tile
) -> None:
    lines = () if line is None else (Line(name="gate", start=line[0], end=line[1]),)
    assert region_of(camera(lines=lines), SMALL) == region


def test_what_the_edge_of_the_region_cuts_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street(UP)
    passed = spied(street, monkeypatch)
    street.drive([0, 6, 12])
    assert [len(machines) for machines in passed] == [0, 1, 0]
