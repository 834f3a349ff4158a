"""What the embedder sees of a picture: machines, and nothing of whoever rides them."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.redactor import cover
from engines.detection.postprocess import GROUP_OF, Floats
from engines.embedding.crops import FILL, Crop, histogram, tensor_of_crop
from engines.errors import InferenceFailed
from engines.manifest import Input
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.errors import StageFault
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.colour import WHITE_LIGHT, light, main_colour
from ray_cluster.inference.embedder import Embedder
from ray_cluster.inference.masking import (
    MIN_SHARE,
    RIDER_HEIGHT,
    RIDER_OVERHANG,
    SADDLE,
    enough,
    hidden,
    machine_in,
    without_riders,
)
from ray_cluster.inference.picture import Photo, Sitter, Unreadable
from tests.ray_cluster.world import jpeg

WIDTH, HEIGHT = 160, 120
SPEC = Input(tensor="image", colour="RGB", mean=(127,) * 3, std=(128,) * 3, width=16, height=16, fit="pad")
Pixels = NDArray[np.uint8]


class Means:
    """In the place of the network: every pixel of what it is shown, and the histogram."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.calls: list[int] = []

    def vectors(self, crops: Sequence[Crop]) -> Floats:
        self.calls.append(len(crops))
        if self.fails:
            raise InferenceFailed("means", "out of memory")
        rows = np.stack([np.concatenate([tensor_of_crop(c, SPEC).ravel(), histogram(c)]) for c in crops])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def machine(cls: MachineClass, x0: int, y0: int, x1: int, y1: int) -> Machine:
    return Machine(cls=cls, score=0.8, box=Box(x0=x0, y0=y0, x1=x1, y1=y1))


CAR = machine(MachineClass.CAR, 20, 30, 120, 90)
BICYCLE = machine(MachineClass.BICYCLE, 40, 50, 110, 110)


def noise(seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def photo(picture: Pixels, regions: Sequence[Box] = ()) -> Photo:
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return Photo(content.tobytes(), WIDTH, HEIGHT, tuple(regions))


def test_no_class_is_a_person() -> None:
    assert {GROUP_OF[cls.value] for cls in MachineClass} == {"vehicle", "two_wheeler"}
    assert all(cls.is_two_wheeler == (GROUP_OF[cls.value] == "two_wheeler") for cls in MachineClass)


def test_the_saddle_is_where_the_edge_has_it() -> None:
    """The edge covers a rider down to the saddle, over more than the width of the machine's box."""
    assert SADDLE == cover.SADDLE
    assert (RIDER_HEIGHT, RIDER_OVERHANG) == (cover.RIDER_HEIGHT, cover.RIDER_OVERHANG)


boxes = st.tuples(st.integers(0, 130), st.integers(0, 90), st.integers(8, 80), st.integers(8, 60)).map(
    lambda t: Box(x0=t[0], y0=t[1], x1=min(WIDTH, t[0] + t[2]), y1=min(HEIGHT, t[1] + t[3]))
)


@settings(max_examples=80)
@given(st.sampled_from(list(MachineClass)), boxes, st.lists(boxes, max_size=4), st.integers(0, 2**31))
def test_noise_in_the_place_of_a_rider_and_under_covers_changes_nothing(
    cls: MachineClass, box: Box, regions: list[Box], seed: int
) -> None:
    thing = Machine(cls=cls, score=0.5, box=box)
    one, other = noise(seed), noise(seed + 1)
    covered = hidden(WIDTH, HEIGHT, regions)
    rider = covered.copy()
    if cls.is_two_wheeler:
        # The block that the edge computes from the machine's box alone; who is higher than it is covered by a region.
        block, _ = cover.rider(cover.Rect(box.x0, box.y0, box.x1, box.y1), cover.Rect(box.x0, 0, box.x1, box.y0))
        rider |= cover.mask(cover.to_boxes([block], WIDTH, HEIGHT), WIDTH, HEIGHT)
    # Whole pixels: the row that the saddle line divides is the rider's here and at the edge.
    other = np.where(rider[:, :, None], other, one).astype(np.uint8)
    crops = [machine_in(picture, thing, covered) for picture in (one, other)]
    np.testing.assert_array_equal(crops[0].pixels, crops[1].pixels)
    np.testing.assert_array_equal(crops[0].visible, crops[1].visible)
    assert (crops[0].pixels[~crops[0].visible] == FILL).all()
    if enough(crops[0]):
        first, second = Means().vectors(crops)
        assert float(first @ second) >= 0.999
        np.testing.assert_array_equal(first, second)
    gains = [light(picture, without_riders(covered, [thing])) for picture in (one, other)]
    np.testing.assert_array_equal(gains[0], gains[1])
    assert main_colour(crops[0], cls, gains[0]) == main_colour(crops[1], cls, gains[1])


def test_a_vehicle_has_no_saddle_and_a_two_wheeler_no_rider() -> None:
    covered = hidden(WIDTH, HEIGHT, ())
    assert machine_in(noise(1), CAR, covered).visible.all()
    crop = machine_in(noise(1), BICYCLE, covered)
    assert not crop.visible[:21].any(), "35 % of 60 rows"
    assert crop.visible[21:].all()


def test_too_little_visible_has_neither_vector_nor_colour() -> None:
    wide, high = CAR.box.x1 - CAR.box.x0, CAR.box.y1 - CAR.box.y0
    seen = round(MIN_SHARE * wide)
    for columns, wanted in ((seen, True), (seen - 1, False)):
        region = Box(x0=CAR.box.x0 + columns, y0=CAR.box.y0, x1=CAR.box.x1, y1=CAR.box.y0 + high)
        ((look,),) = embedded(Sitter(photo(noise(3), [region]), (CAR,)))
        assert (look.vector is not None) == wanted
        if not wanted:
            assert look == UNSEEN
    ((small,),) = embedded(Sitter(photo(noise(3)), (machine(MachineClass.CAR, 5, 5, 60, 20),)))
    assert small == UNSEEN, "15 px high"


def embedded(*requests: Sitter) -> list[tuple[Appearance, ...]]:
    found = Embedder(Means()).embed(requests)
    assert not any(isinstance(one, Unreadable) for one in found)
    return [one for one in found if isinstance(one, tuple)]


def test_all_machines_of_all_pictures_go_through_the_network_together_and_come_back_in_order() -> None:
    model = Means()
    tiny = machine(MachineClass.BUS, 0, 0, 9, 9)
    requests = [
        Sitter(photo(noise(1)), (CAR, tiny, BICYCLE)),
        Sitter(photo(noise(2)), ()),
        Sitter(photo(noise(3)), (CAR,)),
    ]
    first, second, third = Embedder(model).embed(requests)
    assert model.calls == [3]
    assert isinstance(first, tuple)
    assert isinstance(third, tuple)
    assert [look.vector is not None for look in first] == [True, False, True]
    assert second == ()
    alone = Embedder(Means()).embed([requests[2]])[0]
    assert isinstance(alone, tuple)
    assert third[0].vector is not None
    np.testing.assert_array_equal(third[0].vector, alone[0].vector)


def test_a_picture_that_cannot_be_decoded_costs_the_others_nothing() -> None:
    broken = replace(photo(noise(1)), jpeg=b"\xff\xd8nonsense")
    bad, good = Embedder(Means()).embed([Sitter(broken, (CAR,)), Sitter(photo(noise(1)), (CAR,))])
    assert isinstance(bad, Unreadable)
    assert isinstance(good, tuple)
    assert good[0].vector is not None


def test_a_box_outside_of_the_picture_shows_nothing() -> None:
    ((look,),) = embedded(Sitter(Photo(jpeg(), 64, 48, ()), (machine(MachineClass.CAR, 100, 100, 140, 140),)))
    assert look == UNSEEN


def test_an_engine_that_fails_is_tried_again_by_the_caller() -> None:
    with pytest.raises(StageFault, match="embedder"):
        Embedder(Means(fails=True)).embed([Sitter(photo(noise(1)), (CAR,))])


COLOURS = {
    MachineColour.BLACK: (20, 20, 20),
    MachineColour.WHITE: (235, 235, 235),
    MachineColour.GREY: (120, 120, 120),
    MachineColour.RED: (30, 20, 190),
    MachineColour.BLUE: (170, 70, 20),
    MachineColour.YELLOW: (20, 210, 235),
    MachineColour.ORANGE: (20, 120, 240),
    MachineColour.BROWN: (25, 50, 85),
    MachineColour.GREEN: (50, 140, 40),
    MachineColour.PURPLE: (150, 40, 120),
    MachineColour.PINK: (190, 160, 245),
}


@pytest.mark.parametrize("colour", list(MachineColour))
def test_a_painted_body_has_its_colour_whatever_tyres_and_glass_say(colour: MachineColour) -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[30:90, 20:120] = COLOURS[colour]
    picture[30:50, 30:110] = (60, 50, 45)  # glass
    picture[78:90, 30:50] = picture[78:90, 90:110] = 15  # tyres
    found = main_colour(machine_in(picture, CAR, hidden(WIDTH, HEIGHT, ())), MachineClass.CAR)
    assert found is not None
    assert found[0] is colour
    assert 0.5 < found[1] <= 1


def test_a_dark_and_a_warm_picture_are_brought_to_white_light() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 130, np.uint8)
    picture[:20] = 245  # the sky
    picture[30:90, 20:120] = (225, 225, 225)
    nothing = hidden(WIDTH, HEIGHT, ())
    np.testing.assert_allclose(light(picture, nothing), WHITE_LIGHT)
    for cast in ((0.55, 0.55, 0.55), (0.7, 0.85, 0.95)):
        seen = (picture * np.array(cast)).astype(np.uint8)
        crop, gains = machine_in(seen, CAR, nothing), light(seen, nothing)
        found = main_colour(crop, MachineClass.CAR, gains)
        assert found is not None
        assert found[0] is MachineColour.WHITE
        plain = main_colour(crop, MachineClass.CAR)
        assert plain is None or plain[0] is not MachineColour.WHITE
    everything = hidden(WIDTH, HEIGHT, [Box(x0=0, y0=0, x1=WIDTH, y1=HEIGHT)])
    np.testing.assert_array_equal(light(picture, everything), WHITE_LIGHT)


def test_a_bicycle_has_no_colour() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), COLOURS[MachineColour.RED], np.uint8)
    assert main_colour(machine_in(picture, BICYCLE, hidden(WIDTH, HEIGHT, ())), MachineClass.BICYCLE) is None


def test_a_cover_does_not_vote() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), COLOURS[MachineColour.RED], np.uint8)
    region = Box(x0=20, y0=30, x1=80, y1=90)
    picture[30:90, 20:80] = cover.COLOUR
    crop = machine_in(picture, CAR, hidden(WIDTH, HEIGHT, [region]))
    assert main_colour(crop, MachineClass.CAR) == (MachineColour.RED, 1.0)
