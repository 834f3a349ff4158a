import numpy as np
import pytest

from engines.detection import Box, Detection
from engines.tiles import Tile, joined, tiles_of


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
    assert joined(views, (200, 100), 0.5) == [car(60, 10, 180, 40)]


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
