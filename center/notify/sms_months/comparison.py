"""Compares the month's own counts with the carrier's, row by row, and judges the difference by the contract. Pure.

The contract's 5 % are of the carrier's count, for that is what it bills. Ours are the parts that its gateway accepted.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from typing import Final

from center.notify.sms_months.statement import StatementRow

LIMIT_PERCENT: Final = 5


class StatementVerdict(StrEnum):
    """Verdict on the carrier's count of a month."""

    WITHIN = "within"
    """The counts differ by 5 % of the carrier's or less."""
    DISPUTED = "disputed"
    """They differ by more: both parties' records are needed."""


@dataclass(frozen=True, slots=True)
class OwnCount:
    """Accepted parts of a template on a day."""

    day: str
    template: str
    accepted: int


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """Parts of one day and template on both sides; `template` None: of all templates."""

    day: str
    template: str | None
    own: int
    carrier: int

    @property
    def difference(self) -> int:
        """Parts that the carrier counts more than we do."""
        return self.carrier - self.own


@dataclass(frozen=True, slots=True)
class StatementComparison:
    """Both counts of a month."""

    rows: tuple[ComparedRow, ...]
    """Rows of either side, by day and template."""
    own: int
    carrier: int

    @property
    def verdict(self) -> StatementVerdict:
        """Verdict by whole numbers, so that exactly 5 % is within."""
        is_within = abs(self.carrier - self.own) * 100 <= LIMIT_PERCENT * self.carrier
        return StatementVerdict.WITHIN if is_within else StatementVerdict.DISPUTED

    @property
    def percent(self) -> Decimal | None:
        """Difference in percent of the carrier's count, rounded up to two places; None if that is 0."""
        if not self.carrier:
            return None
        share = Decimal(abs(self.carrier - self.own)) * 100 / Decimal(self.carrier)
        return share.quantize(Decimal("0.01"), rounding=ROUND_UP)


def compare(own: Iterable[OwnCount], carrier: Iterable[StatementRow]) -> StatementComparison:
    """Compares by day and template; by day alone where the carrier's file tells no template."""
    theirs = {(each.day, each.template): each.parts for each in carrier}
    by_template = all(template is not None for _, template in theirs)
    ours: Counter[tuple[str, str | None]] = Counter()
    for each in own:
        ours[each.day, each.template if by_template else None] += each.accepted
    keys = sorted({key for key, count in ours.items() if count} | theirs.keys(), key=lambda key: (key[0], key[1] or ""))
    rows = tuple(ComparedRow(*key, own=ours[key], carrier=theirs.get(key, 0)) for key in keys)
    return StatementComparison(rows, own=ours.total(), carrier=sum(theirs.values()))
