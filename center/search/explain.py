"""How a search would be run, as somebody who may not see every camera is told it."""

from pydantic import BaseModel

from center.access.permissions import Scope
from provisioning.contracts.query.search import SearchPlan


class DayPlanView(BaseModel):
    """Tells how one day would be searched."""

    day: str
    table: str
    """Which table answers: `snapshots`, or `objects`, whose rows are machines."""
    rows: int | None
    """In that table. None unless every camera is in sight: it counts the pictures of all."""
    matching: int
    """Of them, by all conditions on this table; of cameras in sight alone."""
    indexes: tuple[str, ...]
    """Columns whose index is used. Empty: every row is read. Either way the answer is exact."""


class SearchPlanView(BaseModel):
    """Tells how a search would be run, newest day first; a day that lacks what is asked is named."""

    days: tuple[DayPlanView, ...] = ()
    exact: bool = True
    """Filters are always: only a look-alike search may use an index that approximates."""
    days_without: tuple[str, ...] = ()


def shown(plan: SearchPlan, sight: Scope) -> SearchPlanView:
    """Leave out what counts pictures of cameras out of sight."""
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
