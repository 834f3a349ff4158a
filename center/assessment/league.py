"""Ranks cards by score or by one indicator, in the same order every time. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import Card


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a league table."""

    rank: int | None
    """Equal cards share a rank and the next is skipped (1, 2, 2, 4); None: there is no value to rank by."""
    value: float | None
    """The score, 0 to 100, or 100 times the rate of the indicator."""
    card: Card


def table(cards: Iterable[Card], indicator: Indicator | None = None) -> list[Place]:
    """Ranks cards, best first; equal ones by name, agent and id; those without a value last."""
    valued = [(_value(card, indicator), card) for card in cards]
    valued.sort(key=lambda pair: (pair[0] is None, -(pair[0] or 0.0), _identity(pair[1])))
    places: list[Place] = []
    for position, (value, card) in enumerate(valued, 1):
        before = places[-1] if places else None
        is_equal = before is not None and before.value == value
        rank = None if value is None else before.rank if is_equal and before else position
        places.append(Place(rank, value, card))
    return places


def _value(card: Card, indicator: Indicator | None) -> float | None:
    """Returns the value as rounded for display: cards that look equal are equal."""
    if indicator is None:
        return None if card.score is None else round(card.score, 2)
    finding = card.findings[indicator]
    is_decided = finding.verdict in {IndicatorVerdict.PASS, IndicatorVerdict.FAIL}
    return round(100 * finding.tally.rate, 2) if is_decided and finding.tally.rate is not None else None


def _identity(card: Card) -> tuple[str, str, str]:
    return (card.name, *(card.profile.key if card.profile else ("", "")))
