"""The parts of a picture that are searched hold what is wanted of it, and are seen there as in the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_agent.redactor import search_regions
from edge_agent.redactor.enlarged import Enlarged
from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from engines.detection.preprocess import tensor_of
from engines.manifest import Input
from provisioning.contracts.wire.messages import Box
from tests.edge_agent.redacting import picture


@given(arrays(np.bool_, (12, 20), elements=st.booleans(), fill=st.just(False)))
def test_every_wanted_cell_lies_in_a_place_with_what_is_around_it(wanted: np.ndarray) -> None:
    size = (20 * search_regions.CELL_PX - 8, 12 * search_regions.CELL_PX - 24)  # edges that are no multiples of a cell
    found = search_regions.around(wanted, size)
    if found is None:
        return
    covered = np.zeros((size[1], size[0]), np.bool_)
    for place in found:
        assert 0 <= place.x0 < place.x1 <= size[0]
        assert 0 <= place.y0 < place.y1 <= size[1]
        assert (place.x1 - place.x0) % search_regions.CELL_PX == 0, "as the models want it"
        covered[place.y0 : place.y1, place.x0 : place.x1] = True
    for row, column in np.argwhere(wanted):
        y, x = ((at - search_regions.CONTEXT_CELLS) * search_regions.CELL_PX for at in (row, column))
        side = (2 * search_regions.CONTEXT_CELLS + 1) * search_regions.CELL_PX
        assert covered[max(0, y) : y + side, max(0, x) : x + side].all()


def test_what_hangs_together_is_searched_in_one_piece_and_what_lies_apart_in_two() -> None:
    cells = np.zeros((20, 40), np.bool_)
    cells[2:10, 2], cells[9, 2:12] = True, True  # an L
    cells[15, 30] = True
    found = search_regions.around(cells, (40 * search_regions.CELL_PX, 20 * search_regions.CELL_PX))
    assert found is not None
    sides = [((p.x1 - p.x0) // search_regions.CELL_PX, (p.y1 - p.y0) // search_regions.CELL_PX) for p in found]
    assert sorted(sides) == [(3, 3), (12, 10)]


@pytest.mark.parametrize("apart", [3, 4, 5, 9])
def test_what_is_scattered_is_searched_in_few_places(apart: int) -> None:
    cells = np.zeros((68, 120), np.bool_)
    cells[::apart, ::apart] = True
    found = search_regions.around(cells, (120 * search_regions.CELL_PX, 68 * search_regions.CELL_PX))
    assert found is None or len(found) <= search_regions.MOST_PARTS


@pytest.mark.parametrize("scale", [1.7, 2.0275, 3.0])
def test_an_enlarged_picture_is_what_a_model_sees_of_the_whole(scale: float) -> None:
    image = picture(200, 120)
    enlarged = Enlarged(image, scale)
    size = round(200 * scale), round(120 * scale)
    tensor = tensor_of(image, Input(tensor="image", colour="BGR", multiple_of=32), size)
    assert np.array_equal(enlarged.image.transpose(2, 0, 1), tensor)


def test_places_of_an_enlarged_picture_hold_those_of_the_picture() -> None:
    enlarged = Enlarged(picture(1280, 720), 2.0275)
    height, width = enlarged.image.shape[:2]
    whole, corner, middle = enlarged.places(
        [Box(x0=0, y0=0, x1=1280, y1=720), Box(x0=1184, y0=624, x1=1280, y1=720), Box(x0=96, y0=64, x1=192, y1=160)]
    )
    assert (whole.x0, whole.y0, whole.x1, whole.y1) == (0, 0, width, height)
    assert (corner.x1, corner.y1) == (width, height)
    for place in (whole, corner, middle):
        assert not any(edge % search_regions.CELL_PX for edge in (place.x0, place.y0, place.x1, place.y1))
    stretch = width / 1280
    assert middle.x0 <= 96 * stretch < 192 * stretch <= middle.x1
    assert middle.x1 - middle.x0 <= 96 * stretch + 2 * search_regions.CELL_PX


def test_what_is_found_in_an_enlarged_picture_is_told_where_it_is_in_the_picture() -> None:
    enlarged = Enlarged(picture(320, 320), 2.0)
    box = enlarged.back(Detection("face", 0.5, Found(20, 40, 60, 80))).box
    assert tuple(box) == (10, 20, 30, 40)
