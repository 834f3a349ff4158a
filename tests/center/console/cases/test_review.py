"""Captions of candidates: one that a span brought, and no search, has no score."""

import pytest

from center.cases.views import ScoreView
from center.console.cases.review import thumb_caption

SCORE = ScoreView(likeness=0.6, rejected=None, like=0.6, colour=0.9, reach=1.0, total=0.54)


@pytest.mark.parametrize(("score", "caption"), [(None, "3"), (SCORE, "3 · 54%")])
def test_a_caption_ends_with_what_there_is(score: ScoreView | None, caption: str) -> None:
    assert thumb_caption(2, score) == caption
