"""Machines of the edge in the parser: reused, compared, or left aside."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from provisioning.contracts.wire.messages import Box, EdgeDetector, Machine, MachineClass, Motion
from ray_cluster.inference.masking import hidden
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Comparison, DetectorRef, Parsed, Photo, Reported, Unreadable
from ray_cluster.inference.reuse import compare
from tests.ray_cluster.inference.test_seeing import FakeDetector
from tests.ray_cluster.world import BIKE, CAR, jpeg

SHA = FakeDetector.sha256
EDGE = EdgeDetector(name="fake", sha256=SHA, recipe="tiles-1280-fp32", threshold=0.4)
REF = DetectorRef("fake", SHA)
WIDTH, HEIGHT = 64, 48


def photo(
    *machines: Machine, detector: EdgeDetector = EDGE, trusted: bool = True, regions: tuple[Box, ...] = ()
) -> Photo:
    return Photo(jpeg(), WIDTH, HEIGHT, regions, reported=Reported(detector, machines, trusted))


def found_as(machine: Machine, score: float) -> Detection:
    box = machine.box
    return Detection(machine.cls.value, score, Found(box.x0, box.y0, box.x1, box.y1))


def parse(detector: FakeDetector, *photos: Photo) -> list[Parsed | Unreadable]:
    return Parser.alone(detector, threshold=0.4).parse(photos)


def test_machines_of_the_same_model_and_a_trusted_agent_are_reused_without_a_detection() -> None:
    detector = FakeDetector(fails=True)
    moving = BIKE.model_copy(update={"motion": Motion(dwell_s=4)})
    faint = CAR.model_copy(update={"score": 0.3, "motion": Motion(dwell_s=4)})
    parser = Parser.alone(detector, threshold=0.4)
    (parsed,) = parser.parse([photo(CAR, moving, faint)])
    assert parsed == Parsed((CAR, BIKE), 0, REF, reported=(CAR, BIKE))
    assert isinstance(parsed, Parsed)
    assert parsed.is_reused
    assert detector.calls == []
    assert (parser.status().reused, parser.status().pictures) == ({"fake": 1}, {})


@pytest.mark.parametrize(
    "seen",
    [
        photo(BIKE, detector=EDGE.model_copy(update={"sha256": "cd" * 32})),
        photo(BIKE, detector=EDGE.model_copy(update={"threshold": 0.5})),
        replace(photo(BIKE), reported=None),
    ],
    ids=["another model", "a model that reports less", "an older agent"],
)
def test_otherwise_the_parser_detects_as_ever(seen: Photo) -> None:
    detector = FakeDetector(found_as(CAR, 0.75))
    assert parse(detector, seen) == [Parsed((CAR,), 0, REF)]
    assert detector.calls == [(1, {"vehicle": 0.4, "two_wheeler": 0.4})]


def test_machines_of_the_same_network_at_another_precision_are_reused_and_named_by_it() -> None:
    edge = EDGE.model_copy(update={"name": "fake-int7", "sha256": "ef" * 32})
    (parsed,) = parse(FakeDetector(fails=True), photo(CAR, detector=edge))
    assert parsed == Parsed((CAR,), 0, DetectorRef("fake-int7", "ef" * 32), reported=(CAR,))


def test_machines_of_an_agent_that_is_not_trusted_are_compared_with_those_found() -> None:
    detector = FakeDetector(found_as(CAR, 0.75), found_as(BIKE, 0.25))
    (agreed,) = parse(detector, photo(CAR, BIKE, trusted=False))
    assert agreed == Parsed((CAR,), 0, REF, reported=(CAR, BIKE), compared=Comparison(3, 0))
    assert detector.calls == [(1, {"vehicle": 0.2, "two_wheeler": 0.2})]
    (invented,) = parse(FakeDetector(), photo(CAR, BIKE, trusted=False))
    assert invented == Parsed((), 0, REF, reported=(CAR, BIKE), compared=Comparison(2, 2))
    (hid,) = parse(FakeDetector(found_as(CAR, 0.75)), photo(trusted=False))
    assert hid == Parsed((CAR,), 0, REF, reported=(), compared=Comparison(1, 1))


def test_what_a_cover_hides_is_not_held_against_an_agent() -> None:
    over_bike = Box(x0=5, y0=0, x1=25, y1=20)
    (parsed,) = parse(FakeDetector(), photo(BIKE, trusted=False, regions=(over_bike,)))
    assert isinstance(parsed, Parsed)
    assert parsed.compared == Comparison(0, 0)


def test_a_picture_that_does_not_decode_is_unreadable_whoever_sent_it() -> None:
    broken = replace(photo(CAR), jpeg=b"\xff\xd8\xff junk")
    (answer,) = parse(FakeDetector(), broken)
    assert isinstance(answer, Unreadable)


def test_pictures_of_all_kinds_keep_their_order() -> None:
    detector = FakeDetector(found_as(CAR, 0.75))
    old = replace(photo(), reported=None)
    answers = parse(detector, photo(BIKE), old, photo(CAR, trusted=False), photo(CAR, BIKE))
    machines = [answer.machines for answer in answers if isinstance(answer, Parsed)]
    assert machines == [(BIKE,), (CAR,), (CAR,), (CAR, BIKE)]


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    x0, y0 = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    x1, y1 = draw(st.integers(x0 + 1, WIDTH)), draw(st.integers(y0 + 1, HEIGHT))
    return Machine(cls=draw(st.sampled_from(MachineClass)), score=0.5, box=Box(x0=x0, y0=y0, x1=x1, y1=y1))


MACHINES = st.lists(machines(), max_size=12)


@given(MACHINES, MACHINES, MACHINES, st.lists(machines().map(lambda one: one.box), max_size=4))
def test_a_comparison_never_counts_more_differences_than_machines(
    reported: list[Machine], certain: list[Machine], doubtful: list[Machine], covers: list[Box]
) -> None:
    compared = compare(reported, certain, doubtful, hidden(WIDTH, HEIGHT, covers))
    assert 0 <= compared.differing <= compared.machines <= len(reported) + len(certain)


@given(MACHINES)
def test_the_same_machines_differ_in_nothing(seen: list[Machine]) -> None:
    nothing = np.zeros((HEIGHT, WIDTH), np.bool_)
    assert compare(seen, seen, (), nothing) == Comparison(2 * len(seen), 0)
    assert compare(seen, (), (), nothing) == compare((), seen, (), nothing) == Comparison(len(seen), len(seen))
