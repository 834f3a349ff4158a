from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.detection.postprocess import Box, Detection
from engines.detection.preprocess import MAX_SIDE_PX
from engines.detection.tiles import MOST_TILES, Tile, joined, merged, pieces_of, tiles_of, views_of
from engines.errors import TooManyTiles


@pytest.mark.parametrize(
    ("size", "squares"),
    [
        ((640, 480), [Tile(0, 0, 480, 480), Tile(160, 0, 480, 480)]),
        ((1280, 720), [Tile(0, 0, 720, 720), Tile(560, 0, 720, 720)]),
        ((640, 272), [Tile(0, 0, 272, 272), Tile(184, 0, 272, 272), Tile(368, 0, 272, 272)]),
        ((100, 300), [Tile(0, 0, 100, 100), Tile(0, 100, 100, 100), Tile(0, 200, 100, 100)]),
        ((110, 100), []),
        ((1, 1), []),
    ],
)
def test_the_whole_and_the_squares(size: tuple[int, int], squares: list[Tile]) -> None:
    assert tiles_of(size) == [Tile(0, 0, *size), *squares]


def test_the_squares_leave_nothing_out() -> None:
    for width in range(1, 200, 7):
        covered = np.zeros((40, width), bool)
        for tile in tiles_of((width, 40))[1:] or tiles_of((width, 40)):
            covered[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] = True
        assert covered.all()


@pytest.mark.parametrize(
    ("size", "area_px", "pieces"),
    [
        ((640, 480), 640 * 480, [Tile(0, 0, 640, 480)]),
        ((1000, 100), 60_000, [Tile(0, 0, 510, 100), Tile(490, 0, 510, 100)]),
        ((100, 1000), 60_000, [Tile(0, 0, 100, 510), Tile(0, 490, 100, 510)]),
    ],
)
def test_no_more_pieces_than_needed(size: tuple[int, int], area_px: int, pieces: list[Tile]) -> None:
    assert pieces_of(size, area_px, 20) == pieces


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(300_000, 4_000_000), st.integers(8, 128))
def test_a_thing_smaller_than_the_overlap_is_whole_in_one_piece(
    width: int, height: int, area_px: int, overlap_px: int
) -> None:
    pieces = pieces_of((width, height), area_px, overlap_px)
    assert all(piece.width * piece.height <= area_px for piece in pieces)
    for side, spans in (
        (width, {(piece.x, piece.x + piece.width) for piece in pieces}),
        (height, {(piece.y, piece.y + piece.height) for piece in pieces}),
    ):
        ordered = sorted(spans)
        assert ordered[0][0] == 0
        assert ordered[-1][1] == side
        assert all(before[1] - after[0] >= overlap_px - 1 for before, after in pairwise(ordered))


def test_beyond_a_model_s_reach_there_are_smaller_tiles_as_well() -> None:
    assert tiles_of((1920, 1080), reach_px=1280) == tiles_of((1920, 1080))
    tiles = tiles_of((8000, 6000), reach_px=1280)
    assert tiles[:3] == tiles_of((8000, 6000))
    assert all(tile.width * tile.height <= 1280**2 for tile in tiles[3:])
    assert len(tiles) < 60


def test_a_cut_is_a_view() -> None:
    picture = np.zeros((10, 20, 3), np.uint8)
    Tile(5, 2, 3, 3).cut(picture)[:] = 9
    assert picture[2:5, 5:8].min() == 9
    assert picture.sum() == 9 * 27


WHOLE, LEFT, RIGHT = Tile(0, 0, 200, 100), Tile(0, 0, 110, 100), Tile(90, 0, 110, 100)


def car(x0: float, y0: float, x1: float, y1: float, score: float = 0.5) -> Detection:
    return Detection("car", score, Box(x0, y0, x1, y1))


def test_a_thing_seen_in_several_views_is_one_thing() -> None:
    views = [(WHOLE, [car(120, 10, 150, 40)]), (LEFT, []), (RIGHT, [car(30, 10, 61, 40, 0.8)])]
    assert joined(views, (200, 100), 0.5) == [car(120, 10, 151, 40, 0.8)]


def test_a_piece_cut_off_by_a_tile_gives_way_to_the_whole() -> None:
    views = [(WHOLE, [car(60, 10, 180, 40)]), (LEFT, [car(60, 10, 110, 40, 0.9)]), (RIGHT, [])]
    assert joined(views, (200, 100), 0.5) == [car(60, 10, 180, 40, 0.9)]


def test_half_a_vehicle_near_the_edge_of_its_tile_is_a_piece_of_it_and_says_how_sure_the_whole_is() -> None:
    whole, square = Tile(0, 0, 1280, 720), Tile(560, 0, 720, 720)
    car, half = Box(60, 200, 1190, 560), Box(2.3, 210, 500, 560)
    (one,) = joined([(whole, [Detection("car", 0.3, car)]), (square, [Detection("car", 0.6, half)])], (1280, 720), 0.5)
    assert one == Detection("car", 0.6, car)
    person = Detection("person", 0.3, car), Detection("person", 0.6, half)
    people = joined([(whole, [person[0]]), (square, [person[1]])], (1280, 720), 0.5)
    assert len(people) == 2, "what has to be covered stays"


def test_a_piece_without_a_whole_stays() -> None:
    assert joined([(WHOLE, []), (LEFT, [car(60, 10, 110, 40)])], (200, 100), 0.5) == [car(60, 10, 110, 40)]


def test_the_edge_of_the_picture_cuts_nothing() -> None:
    small, large = car(0, 10, 20, 40), car(0, 0, 100, 100)
    assert joined([(WHOLE, [large]), (LEFT, [small])], (200, 100), 0.5) == [large, small]


def test_groups_do_not_compete() -> None:
    person = Detection("person", 0.3, Box(60, 10, 110, 40))
    assert joined([(WHOLE, [car(60, 10, 180, 40)]), (LEFT, [person])], (200, 100), 0.5) == [
        car(60, 10, 180, 40),
        person,
    ]


def test_a_machine_that_only_fills_a_tile_is_none() -> None:
    railing = car(0, 20, 109, 90, 0.6)
    assert joined([(WHOLE, []), (LEFT, [railing])], (200, 100), 0.5) == []
    assert joined([(WHOLE, [car(0, 18, 180, 92)]), (LEFT, [railing])], (200, 100), 0.5) == [car(0, 18, 180, 92)]


def test_a_person_who_fills_a_tile_is_kept() -> None:
    person = Detection("person", 0.3, Box(0, 20, 109, 90))
    assert joined([(WHOLE, []), (LEFT, [person])], (200, 100), 0.5) == [person]


def test_what_fills_the_whole_picture_is_kept() -> None:
    assert joined([(WHOLE, [car(0, 0, 200, 100)]), (LEFT, [])], (200, 100), 0.5) == [car(0, 0, 200, 100)]


@given(st.integers(1, MAX_SIDE_PX), st.integers(1, MAX_SIDE_PX), st.none() | st.integers(256, 4096))
def test_no_shape_makes_more_tiles_than_the_bound(width: int, height: int, reach_px: int | None) -> None:
    try:
        tiles = tiles_of((width, height), reach_px=reach_px)
    except TooManyTiles:
        return
    assert len(tiles) <= MOST_TILES


@pytest.mark.parametrize("size", [(16384, 1), (1, 16384), (16384, 16)])
def test_a_strip_that_would_be_cut_into_thousands_of_squares_is_a_typed_error(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyTiles, match="over 512 parts"):
        tiles_of(size)
    with pytest.raises(TooManyTiles, match="over 512 parts"):
        pieces_of((16384, 16384), 100_000, 128)


def test_the_largest_picture_of_the_edge_is_within_the_bound_for_every_search() -> None:
    for size in [(8192, 8192), (16384, 4096), (4096, 16384), (16384, 1024)]:
        assert len(tiles_of(size, reach_px=1280)) <= 80
        assert len(pieces_of(size, 1_950_000, 85)) <= 80


def test_a_model_of_any_size_sees_the_whole_and_pieces_only_beyond_its_reach() -> None:
    for size in [(640, 272), (1920, 1080), (2560, 1440), (4096, 256)]:
        assert views_of(size, reach_px=1920) == [Tile(0, 0, *size)]
    assert views_of((8000, 6000)) == [Tile(0, 0, 8000, 6000)]
    whole, *pieces = views_of((3840, 2160), reach_px=1920)
    assert whole == Tile(0, 0, 3840, 2160)
    assert pieces == pieces_of((3840, 2160), 1920**2, 240)
    assert len(pieces) == 4


STREET = (1200, 600)


def test_a_large_car_is_one_box_where_a_pass_takes_it_for_two_halves() -> None:
    whole, far = car(200, 200, 800, 450), car(1000, 200, 1060, 240)
    halves = [car(205, 210, 480, 440, 0.9), car(520, 210, 790, 450, 0.8)]
    (found, other) = merged([*halves, far], [whole], STREET, 0.5)
    assert (found.box, other) == (whole.box, far)


def test_what_is_small_before_a_large_machine_stays_and_what_the_trained_size_alone_shows_small_does_not_come() -> None:
    bus, before, parked = car(200, 100, 900, 500, 0.6), car(300, 400, 400, 470, 0.5), car(1000, 200, 1100, 260, 0.7)
    assert merged([before], [bus, parked], STREET, 0.5) == [bus, before]


def test_a_whole_is_as_sure_as_its_surer_half_and_two_cars_are_no_halves_of_a_doubtful_third() -> None:
    whole, pair = car(200, 200, 800, 450, 0.5), [car(205, 210, 480, 440, 0.9), car(520, 210, 790, 450, 0.8)]
    assert [one.score for one in merged(pair, [whole], STREET, 0.5)] == [0.9]
    assert merged(pair, [car(200, 200, 800, 450, 0.3)], STREET, 0.5)[:2] == pair


def test_a_pass_is_not_believed_a_large_vehicle_by_itself_but_a_large_two_wheeler() -> None:
    railings, bicycle = car(100, 100, 900, 500), replace(car(100, 100, 900, 500), class_name="bicycle")
    assert merged([railings, bicycle], [], STREET, 0.5) == [bicycle]


@given(st.floats(0.02, 0.95), st.floats(0.9, 1.1))
def test_a_machine_of_any_size_is_found_once_though_its_two_boxes_differ(share: float, other: float) -> None:
    fine = car(10, 10, 10 + share * STREET[0], 10 + share * 500)
    coarse = car(10, 10, 10 + share * other * STREET[0], 10 + share * other * 500, 0.5)
    assert len(merged([fine], [coarse], STREET, 0.5)) == 1
    assert merged([fine], [fine], STREET, 0.5) == [fine]
