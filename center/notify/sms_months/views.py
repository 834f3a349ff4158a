"""Views of a month of SMS: counts, the carrier's beside them, the verdict, the cost."""

from pydantic import BaseModel, ConfigDict

from center.notify.sms_months.comparison import LIMIT_PERCENT, StatementComparison, StatementVerdict
from center.notify.sms_months.tables import SmsDayRecord, StatementRecord


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class SmsDayView(_Shown):
    """Counts of one day and template. All but `messages` are parts, as the carrier bills them."""

    day: str
    template: str
    """Id of the carrier's template; empty for texts of the centre's."""
    messages: int
    """Messages handed over to the gateway, each attempt for itself."""
    submitted: int
    accepted: int
    """Parts that the gateway took."""
    unknown: int
    """Parts without a readable answer, which the carrier may have billed."""
    delivered: int
    failed: int
    """Parts that the carrier reported as not delivered."""


class StatementView(_Shown):
    """The carrier's file that is compared."""

    taken_at_ms: int
    taken_by: str
    sha256: str
    """Hash of the file as it was uploaded."""


class ComparedRowView(_Shown):
    """Parts of one day and template on both sides."""

    day: str
    template: str | None
    """Null: the carrier's file tells no template."""
    own: int
    """Parts that the gateway accepted."""
    carrier: int
    difference: int
    """Parts that the carrier counts more."""


class ComparisonView(_Shown):
    """The month's own count beside the carrier's."""

    rows: tuple[ComparedRowView, ...]
    own: int
    carrier: int
    verdict: StatementVerdict
    percent: str | None
    """Difference in percent of the carrier's count, rounded up to two places; null if that is 0."""
    limit_percent: int

    @classmethod
    def of(cls, comparison: StatementComparison) -> "ComparisonView":
        """Returns the view of a comparison."""
        return cls(
            rows=tuple(map(ComparedRowView.model_validate, comparison.rows)),
            own=comparison.own,
            carrier=comparison.carrier,
            verdict=comparison.verdict,
            percent=None if comparison.percent is None else str(comparison.percent),
            limit_percent=LIMIT_PERCENT,
        )


class SmsCostView(_Shown):
    """Cost of the month by the price steps; amounts are decimal texts."""

    currency: str
    own: str
    carrier: str | None
    """Cost of the carrier's count; null without a file."""


class SmsMonthView(_Shown):
    """A month of one channel."""

    channel: str
    month: str
    days: tuple[SmsDayView, ...]
    statement: StatementView | None
    comparison: ComparisonView | None
    cost: SmsCostView | None


def day_views(records: list[SmsDayRecord]) -> tuple[SmsDayView, ...]:
    """Returns the views of stored days."""
    return tuple(map(SmsDayView.model_validate, records))


def statement_view(record: StatementRecord | None) -> StatementView | None:
    """Returns the view of a stored file."""
    return None if record is None else StatementView.model_validate(record)
