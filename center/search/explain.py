"""Shows a query plan without what counts pictures of cameras out of sight."""

from pydantic import BaseModel

from center.access.permissions import Scope
from provisioning.contracts.query.search import SearchPlan


class DayPlanView(BaseModel):
    """The plan of one day."""

    day: str
    table: str
    """Table that is searched: `snapshots`, or `objects`, whose rows are machines."""
    rows: int | None
    """Rows of that table. None unless every camera is in sight: it counts the pictures of all."""
    matching: int
    """Rows of cameras in sight that match all conditions on this table."""
    indexes: tuple[str, ...]
    """Columns whose index is used. Empty: every row is read. Either way the answer is exact."""


class SearchPlanView(BaseModel):
    """The plan of a search, newest day first; a day that lacks a column that it needs is named."""

    days: tuple[DayPlanView, ...] = ()
    exact: bool = True
    """Always true for filters: only a look-alike search may use an index that approximates."""
    days_without: tuple[str, ...] = ()


def shown(plan: SearchPlan, sight: Scope) -> SearchPlanView:
    """Leaves out what counts pictures of cameras out of sight."""
    days = (
        DayPlanView(
            day=day.day,
            table=day.table,
            rows=day.rows if sight.everywhere else None,
            matching=day.matching,
            indexes=day.indexes,
        )
        for day in plan.days
    )
    return SearchPlanView(days=tuple(days), exact=plan.exact, days_without=plan.days_without)
