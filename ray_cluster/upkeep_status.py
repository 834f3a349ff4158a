"""The file in which upkeep says what it found, and what of it is an alarm."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.contracts.archive import UpkeepStatus
from ray_cluster.day_index import MIN_RECALL

STATUS_FILE: Final = "upkeep.json"


def read_status(directory: Path) -> UpkeepStatus | None:
    """What the last upkeep found; None before the first, or where the file is of another version."""
    try:
        return UpkeepStatus.model_validate_json((directory / STATUS_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def alarms(status: UpkeepStatus | None) -> tuple[str, ...]:
    """What an operator must be told, each with what to do."""
    if status is None:
        return ()
    low = [
        f"day {day.name}: look-alike search finds {day.recall:.0%} of what is there, under {MIN_RECALL:.0%}; "
        "candidates may be missing until upkeep has trained the index again"
        for day in status.days
        if day.recall is not None and day.recall < MIN_RECALL
    ]
    return (*low, *(f"upkeep: {fault}" for fault in status.faults))
