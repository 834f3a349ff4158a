"""Reasons of findings: little knowledge is said in numbers, and never as if nothing were known."""

import pytest

from center.assessment.formulas import IndicatorTally
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import IndicatorFinding
from center.console.language import LANGUAGES
from center.console.verdicts import reason


@pytest.mark.parametrize(
    ("verdict", "tally", "cause", "said"),
    [
        (IndicatorVerdict.UNKNOWN, IndicatorTally(good=14, unknown=46), "state_not_known", "14 of 60 known"),
        (IndicatorVerdict.UNKNOWN, IndicatorTally(unknown=60), "state_not_known", "State unknown"),
        (IndicatorVerdict.FAIL, IndicatorTally(good=1, bad=9), "no_answer", "No response"),
        (IndicatorVerdict.PASS, IndicatorTally(good=9, unknown=1), "", ""),
    ],
)
def test_a_finding_says_how_much_is_known_or_its_cause(
    verdict: IndicatorVerdict, tally: IndicatorTally, cause: str, said: str
) -> None:
    assert reason(IndicatorFinding(Indicator.ONLINE, verdict, tally, cause), LANGUAGES["en"]) == said
