"""How a search would be run: which table of each day answers, by which indexes, and how much of it is wanted."""

import re
from collections.abc import Sequence
from typing import Any, Final

from provisioning.contracts.search import DayPlan, SearchPlan
from ray_cluster import conditions
from ray_cluster.day_tables import day_span, read_errors
from ray_cluster.filters import Filter
from ray_cluster.tables import OBJECTS, SNAPSHOTS

_INDEXED: Final = re.compile(r"@([a-z0-9_]+)_idx")
"""How Lance's plan names the scalar index that a condition is answered by."""


def plan(tables: Any, days: Sequence[str], wanted: Filter, offset_minutes: int) -> SearchPlan:
    """For `days`, newest first.

    Raises:
        ArchiveUnreadable: try again.
    """
    plans: list[DayPlan] = []
    without: list[str] = []
    for day in days:
        with read_errors(day):
            if not wanted.wanted.of_machine:
                plans.append(_of(tables.open_table(SNAPSHOTS + day), day, "snapshots", wanted.conditions(None)))
                continue
            table = tables.open_table(OBJECTS + day)
            if conditions.needed(wanted.wanted) <= set(table.schema.names):
                plans.append(_of(table, day, "objects", wanted.object_conditions(day_span(day, offset_minutes))))
            else:
                without.append(day)
    return SearchPlan(days=tuple(plans), days_without=tuple(without))


def _of(table: Any, day: str, name: str, condition: str) -> DayPlan:
    text = table.search().where(condition).select(["row_key"]).explain_plan(verbose=True)
    return DayPlan(
        day=day,
        table=name,
        rows=table.count_rows(),
        matching=table.count_rows(condition),
        indexes=tuple(sorted(set(_INDEXED.findall(text)))),
    )
