"""Geometry of covering: it can only grow, and what is covered is one constant colour."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_agent.redactor import cover, detect
from edge_agent.redactor.cover import Rect
from engines.detection.postprocess import Detection

WIDTH, HEIGHT = 320, 200
EDGE = st.floats(-100, 500, allow_nan=False)
RECTS = st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), EDGE, EDGE, st.floats(0.01, 300), st.floats(0.01, 300))


@given(st.lists(RECTS, max_size=12))
def test_every_pixel_that_a_rectangle_touches_is_painted(rects: list[Rect]) -> None:
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    painted = cover.paint(image, cover.to_boxes(rects, WIDTH, HEIGHT))
    for rect in rects:
        x0, y0 = max(0, int(np.floor(rect.x0))), max(0, int(np.floor(rect.y0)))
        x1, y1 = min(WIDTH, int(np.ceil(rect.x1))), min(HEIGHT, int(np.ceil(rect.y1)))
        if x1 > x0 and y1 > y0:
            assert (painted[y0:y1, x0:x1] == cover.COLOUR).all()
    assert (image == 200).all(), "the raw frame itself is not changed"


@given(st.lists(RECTS, max_size=12))
def test_boxes_lie_in_the_picture_and_none_in_another(rects: list[Rect]) -> None:
    boxes = cover.to_boxes(rects, WIDTH, HEIGHT)
    for box in boxes:
        assert box.x1 <= WIDTH
        assert box.y1 <= HEIGHT
        inside = [o for o in boxes if o.x0 <= box.x0 and o.y0 <= box.y0 and o.x1 >= box.x1 and o.y1 >= box.y1]
        assert inside == [box]


@given(RECTS, st.floats(1.0, 3.0))
def test_growing_never_uncovers(rect: Rect, factor: float) -> None:
    grown = rect.grown(factor)
    assert grown.x0 <= rect.x0 + 1e-6
    assert grown.y1 >= rect.y1 - 1e-6


@given(RECTS)
def test_a_face_grows_to_every_side_and_a_small_one_by_more(found: Rect) -> None:
    grown, by_factor = cover.face(found), found.grown(cover.FACE_GROWTH)
    least = min(cover.FACE_MARGIN[0], cover.FACE_MARGIN[1] * max(found.width, found.height)) - 1e-6
    assert min(found.x0 - grown.x0, found.y0 - grown.y0, grown.x1 - found.x1, grown.y1 - found.y1) >= least
    assert grown.common(by_factor) >= by_factor.width * by_factor.height * (1 - 1e-6)


@given(RECTS)
def test_a_person_has_most_of_a_margin_above_and_a_small_one_more_of_it(found: Rect) -> None:
    whole = cover.pedestrian(found)
    above, below = found.y0 - whole.y0, whole.y1 - found.y1
    aside = found.x0 - whole.x0, whole.x1 - found.x1
    assert np.isclose(*aside)
    assert 0.0599 * found.height <= above <= 0.1201 * found.height
    assert 0.0099 * found.height <= below <= 0.0301 * found.height
    assert 0.0199 * found.width <= aside[0] <= 0.0601 * found.width
    assert above >= min(5.99, 0.1199 * found.height)
    assert above > below


@given(RECTS)
def test_somebody_tall_has_a_smaller_margin_where_the_head_is_and_none_below(found: Rect) -> None:
    head, *body = cover.tall_pedestrian(found)
    whole = cover.pedestrian(found)
    assert 0.0399 * found.height <= found.y0 - head.y0 <= found.y0 - whole.y0 + 1e-6
    assert head.x0 <= found.x0 - 0.0099 * found.width
    assert head.x1 >= found.x1 + 0.0099 * found.width
    assert all(one.common(whole) >= one.width * one.height * (1 - 1e-6) for one in (head, *body))
    if found.width >= found.height:
        assert body == [], "a bust, or somebody who bends, is all head"
        assert head.y1 >= found.y1
    for below in body:
        assert below.y0 == head.y1 >= found.y0 + max(0.35 * found.height, found.width) - 1e-6
        assert found.x0 < below.x0 < below.x1 < found.x1
        assert below.y0 < below.y1 < found.y1


def test_what_is_under_a_cover_leaves_no_trace() -> None:
    rng = np.random.default_rng(7)
    one, other = (rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(2))
    boxes = cover.to_boxes([Rect(10, 10, 300, 190)], WIDTH, HEIGHT)
    other[:10], other[190:], other[:, :10], other[:, 300:] = one[:10], one[190:], one[:, :10], one[:, 300:]
    assert (cover.paint(one, boxes) == cover.paint(other, boxes)).all()


def test_a_rider_is_covered_from_the_saddle_up_and_the_wheels_are_not() -> None:
    machine, person = Rect(100, 100, 180, 160), Rect(115, 40, 165, 150)
    assert cover.rides(person, machine)
    hidden = cover.mask(cover.to_boxes(cover.rider(machine, person), WIDTH, HEIGHT), WIDTH, HEIGHT)
    assert cover.covered_share(Rect(person.x0, person.y0, person.x1, 120), hidden) == 1.0
    assert not hidden[125:160, 100:180].any(), "the machine below the saddle stays visible"


def test_the_block_over_a_machine_does_not_depend_on_who_rides_it() -> None:
    machine = Rect(100, 100, 180, 160)
    blocks = {cover.rider(machine, person)[0] for person in (Rect(115, 40, 165, 150), Rect(120, 70, 150, 140))}
    assert len(blocks) == 1


@given(RECTS, st.tuples(*[st.floats(0.0, 1.0)] * 4))
def test_the_block_of_a_certain_rider_holds_the_head_and_nothing_beyond_the_whole_block(
    machine: Rect, shares: tuple[float, float, float, float]
) -> None:
    centre, width, top, bottom = shares
    x, half = machine.x0 + centre * machine.width, (0.2 + 1.1 * width) * machine.width / 2
    y0 = machine.y0 + (-1.0 + 1.3 * top) * machine.height
    person = Rect(x - half, y0, x + half, y0 + (0.5 + bottom) * machine.height)
    assume(cover.rides(person, machine))
    near, own = cover.certain_rider(machine, person)
    block, _ = cover.rider(machine, person)
    assert near.common(block) >= near.width * near.height * (1 - 1e-6), "less than the block, nowhere more"
    saddle = block.y1
    upper = Rect(person.x0, person.y0, person.x1, min(person.y1, saddle))
    assert own.common(upper) >= upper.width * upper.height * (1 - 1e-6)
    head = Rect(person.x0 - 0.3 * person.width, person.y0 - 0.3 * person.height, person.x1, person.y0)
    reached = near.common(head)
    assert reached >= block.common(head) * (1 - 1e-6), "a head that his box cuts off lies in the block as before"


def test_a_vehicle_behind_a_certain_rider_stays_visible() -> None:
    machine, person, car = Rect(320, 262, 390, 363), Rect(319, 229, 380, 330), Rect(280, 140, 405, 190)
    assert cover.rides(person, machine)
    assert cover.rider(machine, person)[0].common(car) > 0.5 * 50 * 86
    assert all(one.common(car) == 0 for one in cover.certain_rider(machine, person))


def test_somebody_beside_or_in_front_of_a_machine_does_not_ride_it() -> None:
    machine = Rect(100, 100, 180, 160)
    assert not cover.rides(Rect(185, 60, 225, 158), machine), "beside it"
    assert not cover.rides(Rect(120, 60, 160, 175), machine), "feet nearer to the camera than its wheels"
    assert not cover.rides(Rect(130, 95, 138, 130), machine), "far too small"


def test_the_plate_band_is_for_near_vehicles_without_a_found_plate() -> None:
    near, far = Rect(50, 50, 250, 180), Rect(50, 50, 120, 90)
    plate = Rect(120, 140, 170, 155)
    assert cover.plate_band(near, [plate], is_whole=True) is None
    assert cover.plate_band(far, [], is_whole=True) is None
    band = cover.plate_band(near, [], is_whole=True)
    assert band is not None
    assert plate.share_in(band) == 1


@given(RECTS)
def test_a_band_leaves_seven_tenths_of_a_whole_vehicle(vehicle: Rect) -> None:
    band = cover.plate_band(vehicle, [], is_whole=True)
    assume(band is not None)
    assert band is not None
    assert band.share_in(vehicle) > 0.999
    assert vehicle.share_in(band) < 0.28


def test_the_plate_of_a_tall_vehicle_sits_low_and_of_one_cut_off_anywhere() -> None:
    bus, plate = Rect(100, 20, 240, 190), Rect(140, 168, 185, 185)
    low, cut = (cover.plate_band(bus, [], is_whole=is_whole) for is_whole in (True, False))
    assert low is not None
    assert cut is not None
    assert plate.share_in(low) == 1
    assert plate.share_in(cut) < 1
    assert cut == bus.at(cover.CUT_OFF_BAND)


@given(RECTS)
def test_no_front_of_a_car_that_is_near_enough_by_its_width_is_too_far_by_its_height(vehicle: Rect) -> None:
    band = cover.plate_band(vehicle, [], is_whole=True)
    assert band is None or cover.shows_plate(vehicle) or vehicle.width > 1.6 * vehicle.height
    assert not cover.shows_plate(Rect(0, 0, 79, 36)), "three quarters of a car as far as a front of 55 px"
    assert cover.shows_plate(Rect(0, 0, 80, 50))


def test_a_rectangle_outside_the_picture_counts_as_covered() -> None:
    assert cover.covered_share(Rect(-50, -50, -10, -10), np.zeros((HEIGHT, WIDTH), np.bool_)) == 1.0


VEHICLES = st.lists(st.builds(lambda box, score: Detection("car", score, box), RECTS, st.floats(0.25, 1.0)), max_size=6)


@given(VEHICLES, st.lists(RECTS, max_size=6))
def test_a_second_search_adds_bands_and_takes_none(vehicles: list[Detection], in_squares: list[Rect]) -> None:
    alone = detect._bands(vehicles, [], [], WIDTH, HEIGHT)
    both = detect._bands(vehicles, in_squares, [], WIDTH, HEIGHT)
    assert all(band in both for band in alone)


def test_a_doubtful_vehicle_has_a_band_where_both_searches_see_it_and_it_is_no_part_of_another() -> None:
    car, again, lorry = Rect(60, 60, 190, 130), Rect(58, 58, 195, 131), Rect(50, 20, 220, 140)
    doubtful = Detection("car", 0.36, car)
    band = cover.plate_band(car, [], is_whole=True)
    assert detect._bands([doubtful], [], [], WIDTH, HEIGHT) == []
    assert detect._bands([doubtful], [again], [], WIDTH, HEIGHT) == [band]
    assert detect._bands([doubtful], [lorry.moved(80, 0)], [], WIDTH, HEIGHT) == []
    assert band not in detect._bands([Detection("truck", 0.6, lorry), doubtful], [again], [], WIDTH, HEIGHT)
