import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.accuracy.average_precision import Hits, average_precision, interval, precision, recall

scored = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 0.9]), st.booleans()), max_size=30)


def hits(pairs: list[tuple[float, bool]], labels: int) -> Hits:
    return Hits(np.array([one[0] for one in pairs], np.float64), np.array([one[1] for one in pairs], np.bool_), labels)


def by_brute_force(pairs: list[tuple[float, bool]], labels: int) -> float:
    """Sweep every threshold; at each step of recall take the best precision at that recall or more."""
    points = []
    for threshold in sorted({score for score, _ in pairs}, reverse=True):
        kept = [right for score, right in pairs if score >= threshold]
        points.append((sum(kept) / labels, sum(kept) / len(kept)))
    area, before = 0.0, 0.0
    for reached, _ in points:
        area += (reached - before) * max(share for other, share in points if other >= reached)
        before = reached
    return area


@given(pairs=scored, more=st.integers(1, 10))
def test_average_precision_is_the_area_under_the_curve(pairs: list[tuple[float, bool]], more: int) -> None:
    labels = sum(right for _, right in pairs) + more
    assert average_precision(hits(pairs, labels)) == pytest.approx(by_brute_force(pairs, labels))


@given(pairs=scored, seed=st.integers(0, 99))
def test_the_order_of_detections_does_not_matter(pairs: list[tuple[float, bool]], seed: int) -> None:
    labels = sum(right for _, right in pairs) + 1
    mixed = [pairs[index] for index in np.random.default_rng(seed).permutation(len(pairs))]
    assert average_precision(hits(mixed, labels)) == pytest.approx(average_precision(hits(pairs, labels)))


def test_figures_need_something_to_count() -> None:
    nothing = hits([], 0)
    assert (precision(nothing), recall(nothing), average_precision(nothing)) == (None, None, None)
    assert (precision(hits([], 3)), recall(hits([], 3)), average_precision(hits([], 3))) == (None, 0.0, 0.0)


def test_the_interval_holds_the_value_and_needs_two_places() -> None:
    places = [hits([(0.9, True), (0.8, index % 3 > 0)], 3) for index in range(12)]
    ends = interval(average_precision, places)
    value = average_precision(Hits.joined(places))
    assert ends is not None
    assert value is not None
    assert ends[0] < value < ends[1]
    assert ends == interval(average_precision, places)
    assert interval(average_precision, places[:1]) is None
