"""The month's rules, beside reckonings by brute force: the 5 %, the price steps, the complaints of any seven days."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from center.notify.sms_months.comparison import OwnCount, StatementComparison, StatementVerdict, compare
from center.notify.sms_months.complaint_rule import MOST, WEEK_MS, most_in_a_week, suspends
from center.notify.sms_months.statement import StatementRow
from center.notify.sms_months.tariff import cost
from provisioning.contracts.config.notify import SmsPriceStep, SmsTariff

COUNT = st.integers(0, 10**7)
DAYS = st.sampled_from(["2026-11-01", "2026-11-02", "2026-11-03"])
TEMPLATES = st.sampled_from(["", "TPL01", "TPL02"])
OWN = st.lists(st.builds(OwnCount, DAYS, TEMPLATES, COUNT), unique_by=lambda each: (each.day, each.template))


@pytest.mark.parametrize(
    ("own", "carrier", "verdict"),
    [
        (95, 100, StatementVerdict.WITHIN),
        (105, 100, StatementVerdict.WITHIN),
        (94, 100, StatementVerdict.DISPUTED),
        (100, 95, StatementVerdict.DISPUTED),  # 5 of 95 are more than 5 %: the base is the carrier's count
        (1, 0, StatementVerdict.DISPUTED),
        (0, 0, StatementVerdict.WITHIN),
    ],
)
def test_the_limit_is_five_percent_of_the_carriers_count(own: int, carrier: int, verdict: StatementVerdict) -> None:
    assert StatementComparison((), own, carrier).verdict is verdict


@given(own=COUNT, carrier=COUNT)
def test_verdict_and_percent_are_those_of_exact_fractions(own: int, carrier: int) -> None:
    compared = StatementComparison((), own, carrier)
    if not carrier:
        assert compared.percent is None
        assert (compared.verdict is StatementVerdict.WITHIN) == (own == 0)
        return
    share = Fraction(abs(own - carrier), carrier)
    assert (compared.verdict is StatementVerdict.WITHIN) == (share <= Fraction(5, 100))
    assert compared.percent is not None
    assert 0 <= Fraction(compared.percent) - share * 100 < Fraction(1, 100)


@given(own=OWN, by_template=st.booleans(), data=st.data())
def test_every_part_of_either_side_stands_in_one_row(
    own: list[OwnCount], by_template: bool, data: st.DataObject
) -> None:
    template = TEMPLATES if by_template else st.none()
    rows = st.builds(StatementRow, day=DAYS, template=template, parts=COUNT)
    carrier = data.draw(st.lists(rows, unique_by=lambda each: (each.day, each.template)))
    compared = compare(own, carrier)
    assert (compared.own, compared.carrier) == (sum(e.accepted for e in own), sum(e.parts for e in carrier))
    assert sum(each.own for each in compared.rows) == compared.own
    assert sum(each.difference for each in compared.rows) == compared.carrier - compared.own
    keys = [(each.day, each.template or "") for each in compared.rows]
    assert keys == sorted(set(keys))


def tariff(scheme: str, *steps: tuple[int | None, str]) -> SmsTariff:
    return SmsTariff.model_validate({"scheme": scheme, "steps": [{"up_to": up_to, "price": p} for up_to, p in steps]})


THREE = ((100, "0.05"), (250, "0.045"), (None, "0.0401"))


def price_of(part: int) -> Decimal:
    """By a look through the steps for each part."""
    return next(Decimal(price) for up_to, price in THREE if up_to is None or part <= up_to)


@given(st.integers(0, 600))
def test_the_cost_is_that_of_each_part_counted_by_itself(parts: int) -> None:
    each = sum((price_of(part) for part in range(1, parts + 1)), Decimal(0))
    cent = Decimal("0.01")
    assert cost(parts, tariff("graduated", *THREE)) == each.quantize(cent, "ROUND_HALF_UP")
    assert cost(parts, tariff("volume", *THREE)) == (parts * price_of(max(parts, 1))).quantize(cent, "ROUND_HALF_UP")


def test_amounts_are_exact_where_binary_numbers_are_not() -> None:
    assert str(cost(25_000_001, tariff("graduated", (None, "0.035")))) == "875000.04"
    assert str(cost(0, tariff("volume", *THREE))) == "0.00"


@pytest.mark.parametrize(
    "steps", [[(100, "0.05")], [(None, "0.05"), (None, "0.04")], [(100, "0.05"), (100, "0.04"), (None, "0.03")]]
)
def test_steps_that_do_not_rise_or_do_not_end_are_refused(steps: list[tuple[int | None, str]]) -> None:
    with pytest.raises(ValidationError, match="up_to"):
        tariff("graduated", *steps)
    with pytest.raises(ValidationError):
        SmsPriceStep.model_validate({"price": 0.05})  # a binary number


@given(st.lists(st.integers(0, 20).map(lambda day: day * WEEK_MS // 7) | st.integers(0, 3 * WEEK_MS), max_size=40))
def test_complaints_of_any_seven_days_are_counted(times: list[int]) -> None:
    most = max((sum(at <= other < at + WEEK_MS for other in times) for at in times), default=0)
    assert most_in_a_week(times) == most
    assert suspends(times) == (most > MOST)


def test_the_eleventh_suspends_and_a_week_apart_is_not_within_it() -> None:
    assert not suspends([0] * 10)
    assert suspends([0] * 10 + [WEEK_MS - 1])
    assert not suspends([0] * 10 + [WEEK_MS])
