"""Reads the status file of upkeep, sums it by day and derives alarms."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.contracts.causes import cluster
from provisioning.contracts.query.archive import DayUpkeep, UpkeepStatus
from ray_cluster.archive.index_policy import MIN_RECALL
from ray_cluster.archive.windows import day_of
from ray_cluster.coded_errors import CodedText

STATUS_FILE: Final = "upkeep.json"


def read_status(directory: Path) -> UpkeepStatus | None:
    """Read the findings of the last upkeep; None before the first, or if the file is of another version."""
    try:
        return UpkeepStatus.model_validate_json((directory / STATUS_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def by_day(status: UpkeepStatus) -> UpkeepStatus:
    """Merge the entries of a day's windows: sums, and the lowest recall."""
    days: dict[str, DayUpkeep] = {}
    for each in status.days:
        name = day_of(each.name)
        days[name] = _both(days[name], each) if name in days else each.model_copy(update={"name": name})
    return status.model_copy(update={"days": tuple(days.values())})


def _both(one: DayUpkeep, other: DayUpkeep) -> DayUpkeep:
    lowest = min(one, other, key=lambda each: 2.0 if each.recall is None else each.recall)
    return DayUpkeep(
        name=one.name,
        rows=one.rows + other.rows,
        fragments=one.fragments + other.fragments,
        index=other.index or one.index,
        indexed=one.indexed + other.indexed,
        unindexed=one.unindexed + other.unindexed,
        segments=max(one.segments, other.segments),
        over=one.over and other.over,
        closed=one.closed and other.closed,
        recall=lowest.recall,
        recall_queries=lowest.recall_queries,
        recall_at_ms=lowest.recall_at_ms,
    )


def alarms(status: UpkeepStatus | None) -> tuple[CodedText, ...]:
    """List alarms for the operator, each with its remedy."""
    if status is None:
        return ()
    low = [
        CodedText.of(cluster.LOW_RECALL(day=day.name, found=f"{day.recall:.0%}", least=f"{MIN_RECALL:.0%}"))
        for day in by_day(status).days
        if day.recall is not None and day.recall < MIN_RECALL
    ]
    return (*low, *(CodedText(f"upkeep: {fault}", cluster.UPKEEP_FAILED(detail=fault)) for fault in status.faults))
