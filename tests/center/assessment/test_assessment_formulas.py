"""The arithmetic: rates are shares, the unknown counts as neither, the excused is in no denominator."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from center.assessment.errors import BadPeriodError
from center.assessment.formulas import IndicatorTally, Served, of_fault, score, tallies, verdict
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.period import Span, clipped, length, merged, parse
from center.assessment.settings import Settings
from center.assessment.sums import Sums

COUNT = st.integers(min_value=0, max_value=10**9)
HOURS = st.integers(min_value=0, max_value=10**6)
SHARE = st.floats(min_value=0, max_value=1)
TALLY = st.builds(IndicatorTally, COUNT, COUNT, COUNT, COUNT)
SPAN = st.tuples(st.integers(0, 60), st.integers(0, 60))


@st.composite
def possible_sums(draw: st.DrawFn) -> tuple[Sums, Served]:
    """Sums that hours can have."""
    counted = draw(st.integers(0, 1000))

    def upto(most: int) -> int:
        return draw(st.integers(0, most))

    told, looked, pictured = upto(60 * counted), upto(60 * counted), upto(60 * counted)
    good, present = upto(counted), upto(counted)
    selected = draw(COUNT)
    sums = Sums(
        told=told,
        offline=upto(told),
        looked=looked,
        abnormal=upto(looked),
        pictured=pictured,
        timely=upto(pictured),
        clock_good_hours=good,
        clock_bad_hours=upto(counted - good),
        picture_hours=present,
        missing_hours=upto(counted - present),
        selected=selected,
        archived=draw(COUNT),
        rejected=draw(COUNT),
        dropped=draw(COUNT),
        astray=draw(COUNT),
    )
    return sums, Served(counted, draw(HOURS))


@given(possible_sums())
def test_a_rate_is_a_share_and_every_minute_is_in_one_place(given_sums: tuple[Sums, Served]) -> None:
    sums, served = given_sums
    found = tallies(sums, served)
    for tally in found.values():
        assert min(tally.good, tally.bad, tally.unknown, tally.excused) >= 0
        assert tally.rate is None or 0 <= tally.rate <= 1
    for indicator, unit in (
        (Indicator.ONLINE, 60),
        (Indicator.SNAPSHOT, 60),
        (Indicator.CLOCK, 1),
        (Indicator.PICTURE, 1),
    ):
        assert found[indicator].known + found[indicator].unknown == unit * served.counted
        assert found[indicator].excused == unit * served.excused


@given(TALLY, COUNT, COUNT)
def test_what_is_unknown_or_excused_moves_no_rate(tally: IndicatorTally, unknown: int, excused: int) -> None:
    assert IndicatorTally(tally.good, tally.bad, unknown, excused).rate == tally.rate


@given(TALLY, SHARE, SHARE)
def test_more_that_is_unknown_never_turns_a_pass_into_a_failure_or_back(
    tally: IndicatorTally, pass_at: float, known_share: float
) -> None:
    said = verdict(tally, pass_at=pass_at, known_share=known_share)
    more = verdict(tally + IndicatorTally(unknown=1000), pass_at=pass_at, known_share=known_share)
    assert more in {said, IndicatorVerdict.UNKNOWN}


@given(TALLY, SHARE, SHARE)
def test_one_more_good_never_fails_what_passed(tally: IndicatorTally, pass_at: float, known_share: float) -> None:
    if verdict(tally, pass_at=pass_at, known_share=known_share) is IndicatorVerdict.PASS:
        assert (
            verdict(tally + IndicatorTally(good=1), pass_at=pass_at, known_share=known_share) is IndicatorVerdict.PASS
        )


@given(SHARE, SHARE)
def test_where_nothing_is_known_nobody_passes_or_fails(pass_at: float, known_share: float) -> None:
    def said(tally: IndicatorTally) -> IndicatorVerdict:
        return verdict(tally, pass_at=pass_at, known_share=known_share)

    assert said(IndicatorTally()) is IndicatorVerdict.UNKNOWN
    assert said(IndicatorTally(unknown=5, excused=5)) is IndicatorVerdict.UNKNOWN
    assert said(IndicatorTally(excused=5)) is IndicatorVerdict.EXCUSED


@pytest.mark.parametrize(
    ("good", "bad", "pass_at", "said"),
    [
        (19, 1, 0.95, IndicatorVerdict.PASS),
        (18, 2, 0.95, IndicatorVerdict.FAIL),
        (949_999, 50_001, 0.95, IndicatorVerdict.FAIL),
        (7, 3, 0.7, IndicatorVerdict.PASS),
        (10**9, 1, 1.0, IndicatorVerdict.FAIL),
        (0, 3, 0.0, IndicatorVerdict.PASS),
    ],
)
def test_the_threshold_itself_passes(good: int, bad: int, pass_at: float, said: IndicatorVerdict) -> None:
    assert verdict(IndicatorTally(good, bad), pass_at=pass_at, known_share=0.5) is said


def test_half_must_be_known() -> None:
    assert verdict(IndicatorTally(bad=4, unknown=6), pass_at=0.9, known_share=0.5) is IndicatorVerdict.UNKNOWN
    assert verdict(IndicatorTally(bad=5, unknown=5), pass_at=0.9, known_share=0.5) is IndicatorVerdict.FAIL


@given(st.dictionaries(st.sampled_from(Indicator), SHARE))
def test_a_score_lies_between_its_worst_and_best_rate_once_half_is_known(rates: dict[Indicator, float]) -> None:
    value = score(rates, Settings())
    if len(rates) < len(Indicator) / 2:
        assert value is None
    else:
        assert value is not None
        assert 100 * min(rates.values()) - 1e-6 <= value <= 100 * max(rates.values()) + 1e-6


def test_a_weight_of_nothing_leaves_an_indicator_out() -> None:
    weight = dict.fromkeys(Indicator, 0.0) | {Indicator.ONLINE: 3.0, Indicator.CLOCK: 1.0}
    rates = {Indicator.ONLINE: 1.0, Indicator.CLOCK: 0.5, Indicator.CODE: 0.0}
    assert score(rates, Settings(weight=weight)) == pytest.approx(87.5)
    assert score({Indicator.CODE: 0.0}, Settings(weight=weight)) is None


def test_a_fault_counts_once_and_what_nobody_knows_not_at_all() -> None:
    assert [of_fault(each) for each in ("place_zero", "", None)] == [
        IndicatorTally(bad=1),
        IndicatorTally(good=1),
        IndicatorTally(unknown=1),
    ]


@given(st.lists(SPAN, max_size=8), SPAN)
def test_overlapping_spans_are_the_hours_they_hold_each_once(listed: list[Span], within: Span) -> None:
    hours = {hour for first, end in listed for hour in range(first, end)}
    whole = merged(listed)
    assert {hour for first, end in whole for hour in range(first, end)} == hours
    assert length(whole) == len(hours)
    assert merged(whole) == whole
    assert all(before[1] < after[0] for before, after in pairwise(whole))
    assert length(clipped(whole, within)) == len(hours & set(range(*within)))


@pytest.mark.parametrize(
    ("text", "hours"), [("2026-11", 720), ("2026-02", 672), ("2024-02", 696), ("2026-12-31", 24), ("2026-11-05T13", 1)]
)
def test_a_period_has_its_hours_in_local_time(text: str, hours: int) -> None:
    period = parse(text)
    assert period.end_hour - period.first_hour == hours
    assert period.named(period.first_hour, period.kind) == text
    assert parse(text, zone_h=0).first_hour - period.first_hour == 8


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-11-31", "2026-11-05T24", "0000-01", "2026-11-05T1", "9999-12", "٢٠٢٦-11"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadPeriodError):
        parse(text)


@given(st.text(max_size=20))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        period = parse(text)
    except BadPeriodError:
        return
    assert period.first_hour < period.end_hour


def test_hours_that_have_not_begun_are_left_out() -> None:
    month = parse("2026-11")
    assert month.until(month.from_ms - 1).end_hour == month.first_hour
    assert month.until(month.from_ms).end_hour == month.first_hour + 1
    assert month.until(month.to_ms + 1).end_hour == month.end_hour


@pytest.mark.parametrize(
    "wrong",
    [
        {"known_share": 1.5},
        {"clock_ms": 0},
        {"timely_s": 61},
        {"pass_at": {"online": 0.5}},
        {"pass_at": dict.fromkeys((each.value for each in Indicator), 2)},
        {"weight": dict.fromkeys((each.value for each in Indicator), 0)},
        {"latitude_from": 60},
        {"zone_h": 15},
        {"colour": "red"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)


@pytest.mark.parametrize("said", [{"online_minutes": True}, {"known_share": False}, {"weight": {"online": True}}])
def test_true_is_no_number(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not true or false"):
        Settings.model_validate(said)
