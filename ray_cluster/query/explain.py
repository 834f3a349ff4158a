"""Explains a search without running it: table, indexes and matching rows of each day."""

import re
from collections.abc import Sequence
from typing import Any, Final

from provisioning.contracts.query.search import DayPlan, SearchPlan
from ray_cluster.archive.lance_tables import read_errors
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.windows import day_of, days_of, span_ms
from ray_cluster.query import sql
from ray_cluster.query.filters import Filter

_INDEXED: Final = re.compile(r"@([a-z0-9_]+)_idx")
"""Name of a scalar index in Lance's plan of a query."""


def plan(tables: Any, windows: Sequence[str], wanted: Filter, offset_minutes: int) -> SearchPlan:
    """Explain a search in `windows`, newest first; those of a day are merged.

    Raises:
        ArchiveUnreadable: try again.
    """
    plans: dict[str, DayPlan] = {}
    without: list[str] = []
    for window in windows:
        with read_errors(window):
            if not wanted.wanted.of_machine:
                _add(plans, _of(tables.open_table(SNAPSHOTS + window), window, "snapshots", wanted.conditions(None)))
                continue
            table = tables.open_table(OBJECTS + window)
            if sql.needed(wanted.wanted) <= set(table.schema.names):
                condition = wanted.object_conditions(span_ms(window, offset_minutes))
                _add(plans, _of(table, window, "objects", condition))
            else:
                without.append(window)
    return SearchPlan(days=tuple(plans.values()), days_without=days_of(without)[::-1])


def _add(plans: dict[str, DayPlan], one: DayPlan) -> None:
    """Merge a window's plan into that of its day, which has the indexes of all its windows."""
    plans[one.day] = both_plans(plans[one.day], one) if one.day in plans else one


def both_plans(one: DayPlan, other: DayPlan) -> DayPlan:
    """Add up two plans of one day."""
    indexes = tuple(sorted({*one.indexes, *other.indexes}))
    counts = {"rows": one.rows + other.rows, "matching": one.matching + other.matching}
    return other.model_copy(update=counts | {"indexes": indexes})


def _of(table: Any, window: str, name: str, condition: str) -> DayPlan:
    text = table.search().where(condition).select(["row_key"]).explain_plan(verbose=True)
    return DayPlan(
        day=day_of(window),
        table=name,
        rows=table.count_rows(),
        matching=table.count_rows(condition),
        indexes=tuple(sorted(set(_INDEXED.findall(text)))),
    )
