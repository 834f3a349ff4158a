import pytest

from bench.evaluation.covers import Covered, row

HERE = Covered(name="a/1", pixels="0f", covers=((0, 0, 9, 9), (20, 20, 40, 40)), labelled=2, covered=2, over=0.01)


def test_a_picture_that_is_redacted_alike_has_no_farthest_edge() -> None:
    assert row(HERE, HERE) == "| `a/1` | 2 | 2 / 2 | 2 / 2 | 2 | 0 | 1.000% / 1.000% |"


def test_a_cover_that_moved_or_went_is_told_by_its_farthest_edge() -> None:
    moved = HERE.model_copy(update={"covers": ((0, 0, 9, 9), (20, 21, 43, 40)), "over": 0.012})
    assert row(HERE, moved) == "| `a/1` | 2 | 2 / 2 | 2 / 2 | 1 | 3 | 1.000% / 1.200% |"
    gone = HERE.model_copy(update={"covers": HERE.covers[:1], "covered": 1})
    assert row(HERE, gone) == "| `a/1` | 2 | 2 / 1 | 2 / 1 | 1 | 31 | 1.000% / 1.000% |"


def test_two_pictures_are_not_compared() -> None:
    with pytest.raises(ValueError, match="build one set and redact it on both machines"):
        row(HERE, HERE.model_copy(update={"pixels": "f0"}))
