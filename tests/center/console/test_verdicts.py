"""Reasons of findings: little knowledge is said in numbers, and never as if nothing were known."""

import pytest

from center.assessment.formulas import IndicatorTally, Served
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import IndicatorFinding, card
from center.assessment.settings import Settings
from center.console.language import LANGUAGES
from center.console.verdicts import reason, undecided


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


def test_a_card_without_a_score_says_what_is_not_known() -> None:
    english, chinese = LANGUAGES["en"], LANGUAGES["zh"]
    empty = card("South", {}, {}, Settings(), served=Served(), cameras=0)
    assert (undecided(empty, english), undecided(empty, chinese)) == ("No cameras", "没有摄像机")
    young = card(
        "North", {Indicator.ONLINE: IndicatorTally(good=4, unknown=56)}, {}, Settings(), served=Served(), cameras=1
    )
    assert undecided(young, english) == (
        "Not in the register (Coordinates, GB code) · 4 of 60 known (Online) · Clock not reported (Clock) · 5 more"
    )
