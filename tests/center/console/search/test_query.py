"""The search page's address: what is asked comes back, what is wrong is named, nothing breaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from center.console.search.query import CUSTOM, PERIODS, SearchQuery
from center.console.widgets.timeline import MOST, bin_ms
from center.errors import AreaCrossesError, BadFilterError
from center.search.filters import Filters
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass
from tests.center.street import NOW_MS

FILTERS = st.builds(
    Filters,
    cls=st.sets(st.sampled_from(MachineClass), max_size=2).map(tuple),
    colour=st.sets(st.sampled_from(MachineColour), max_size=2).map(tuple),
    camera_id=st.sets(st.sampled_from(["cam-1", "cam-2"]), max_size=2).map(tuple),
    heading_deg=st.none() | st.sampled_from([0.0, 45.0, 359.5]),
    zone=st.sets(st.text("abc ',&=+%区", min_size=1, max_size=5), max_size=2).map(tuple),
    min_side_px=st.none() | st.integers(1, 100),
    sharpness_below=st.none() | st.floats(0, 1),
    area=st.sampled_from([None, "114.2,30.4 114.35,30.4 114.35,30.55"]),
)


@given(filters=FILTERS, period=st.sampled_from(sorted(PERIODS)))
def test_an_address_asks_what_was_asked(filters: Filters, period: str) -> None:
    question = SearchQuery(filters, period)
    assert SearchQuery.read(question.path().partition("?")[2]) == question


@settings(max_examples=300)
@given(query=st.text(max_size=200) | st.from_regex(r"(area|cls|from_ms|zone|min_share|period)=[^&]{0,40}&cls=car"))
def test_no_address_breaks_the_page(query: str) -> None:
    question = SearchQuery.read(query)
    assert SearchQuery.read(question.path().partition("?")[2]).filters == question.filters


def test_a_crossing_area_is_complained_of_and_the_rest_stands() -> None:
    question = SearchQuery.read("area=0,0+1,1+1,0+0,1&colour=red")
    assert isinstance(question.fault, AreaCrossesError)
    assert (question.filters.area, question.filters.colour) == (None, (MachineColour.RED,))


def test_what_cannot_be_read_is_named_and_the_rest_stands() -> None:
    question = SearchQuery.read("cls=person&colour=red&camera_id=../x&people=3&heading_deg=nan")
    assert question.fault is not None
    assert question.fault.facts == {"fields": "camera_id, cls, heading_deg"}
    assert question.filters == Filters(colour=(MachineColour.RED,))


def test_a_span_is_that_of_its_period_or_what_was_typed() -> None:
    assert SearchQuery().span(NOW_MS) == (NOW_MS - 86_400_000, NOW_MS)
    assert SearchQuery().span(NOW_MS - 59_999) == (NOW_MS - 86_400_000, NOW_MS)  # the same for a whole minute
    later_ms = NOW_MS + 3 * 60_000
    assert SearchQuery().span(later_ms) == (NOW_MS - 86_400_000, later_ms)  # where counts are kept
    assert SearchQuery(period="15m").span(later_ms) == (later_ms - 900_000, later_ms)
    assert SearchQuery(Filters(from_ms=5, to_ms=9), CUSTOM).span(NOW_MS) == (5, 9)
    assert SearchQuery(Filters(from_ms=5, to_ms=9), "1h").span(NOW_MS) == (NOW_MS - 3_600_000, NOW_MS)
    assert SearchQuery(Filters(to_ms=100_000_000), CUSTOM).span(NOW_MS) == (13_600_000, 100_000_000)
    with pytest.raises(BadFilterError):
        SearchQuery(Filters(from_ms=NOW_MS), CUSTOM).span(NOW_MS)


@given(span_ms=st.integers(1, 120 * 7 * 86_400_000))
def test_a_time_line_has_no_more_bars_than_a_pointer_can_tell(span_ms: int) -> None:
    assert span_ms // bin_ms(span_ms) <= MOST
