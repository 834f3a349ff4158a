"""Names verdicts and causes of the assessment for people. `docs/assessment.md` has the arithmetic behind each."""

from typing import Final

from center.assessment import cause_words
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import Card, IndicatorFinding
from center.console.language import Language
from center.errors import marked

INDICATORS: Final = {
    Indicator.ONLINE: marked("Online"),
    Indicator.CLOCK: marked("Clock"),
    Indicator.TIMELINESS: marked("Timeliness"),
    Indicator.PICTURE: marked("Picture availability"),
    Indicator.PLACE: marked("Coordinates"),
    Indicator.CODE: marked("GB code"),
    Indicator.SNAPSHOT: marked("Picture quality"),
    Indicator.DELIVERY: marked("Delivery rate"),
    Indicator.COMPLETENESS: marked("Completeness"),
}
REASONS: Final = 3
"""Reasons of a card without a score that are written out."""
VERDICTS: Final = {
    IndicatorVerdict.PASS: marked("Pass"),
    IndicatorVerdict.FAIL: marked("Fail"),
    IndicatorVerdict.EXCUSED: marked("Excused"),
    IndicatorVerdict.UNKNOWN: marked("Unknown"),
}
TONES: Final = {
    IndicatorVerdict.PASS: "ok",
    IndicatorVerdict.FAIL: "bad",
    IndicatorVerdict.EXCUSED: "warn",
    IndicatorVerdict.UNKNOWN: "off",
}


def cause(word: str, _: Language) -> str:
    """Writes one cause; one that only a newer agent knows is passed on as it is."""
    return cause_words.words_of(word).in_language(_.code)


def clock_notes(finding: IndicatorFinding, _: Language) -> str:
    """Writes the sources of a camera's clock, and those that contradict each other; empty for other indicators."""
    sources = ", ".join(cause_words.SOURCES[each].in_language(_.code) for each in finding.sources)
    notes = [_("by {sources}").format(sources=sources)] if sources else []
    return " · ".join(
        [*notes, *(cause_words.contradiction(each).in_language(_.code) for each in finding.contradictions)]
    )


def reason(finding: IndicatorFinding, _: Language) -> str:
    """Writes why a finding is as it is: its cause, or how little of the period is known."""
    tally = finding.tally
    if finding.verdict is IndicatorVerdict.UNKNOWN and tally.known:
        return _("{known} of {count} known").format(known=f"{tally.known:,}", count=f"{tally.known + tally.unknown:,}")
    return cause(finding.cause, _) if finding.cause else ""


def undecided(card: Card, _: Language) -> str:
    """Writes why a card has no score: the reasons of indicators without a decision, that of the most first."""
    by_reason: dict[str, list[str]] = {}
    for indicator, finding in card.findings.items():
        if finding.verdict in {IndicatorVerdict.UNKNOWN, IndicatorVerdict.EXCUSED}:
            by_reason.setdefault(reason(finding, _), []).append(_(INDICATORS[indicator]))
    ordered = sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    if len(ordered) == 1:
        return ordered[0][0]
    said = [f"{why} ({', '.join(names)})" for why, names in ordered[:REASONS]]
    if len(ordered) > REASONS:
        said.append(_("{count} more").format(count=len(ordered) - REASONS))
    return " · ".join(said)


def rate(finding: IndicatorFinding) -> str:
    """Writes a rate, `98.2 %`, or a dash where nothing is known."""
    share = finding.tally.rate
    # Rounded down: 99.96 % has not reached 100.
    return "–" if share is None else f"{int(share * 1000) / 10:.1f} %"
