"""Views of the situation wall. A figure whose source does not answer is None, and `faults` names the source."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from center.alarms.rules.rule import Severity
from center.cases.states import CaseState
from center.fleet.devices import DeviceState
from provisioning.contracts.query.archive import DayRows
from provisioning.contracts.wire.messages import SourceKind


class Source(StrEnum):
    """Source of figures that may not answer. Without the database there is no wall: nobody can be identified."""

    ARCHIVE = "archive"
    CLUSTER = "cluster"
    BROKER = "broker"


class WallFigures(BaseModel):
    """Base of the wall's views."""

    model_config = ConfigDict(frozen=True)


class DistrictCoverage(WallFigures):
    """Cameras of one district that have reported."""

    district_id: str
    name: str
    cameras: int
    target: int | None


class Coverage(WallFigures):
    """Cameras that have reported, by district, protocol and state."""

    cameras: int
    target: int | None
    online: int | None
    districts: tuple[DistrictCoverage, ...]
    outside: int
    """Cameras in no district."""
    protocols: dict[SourceKind, int]
    unnamed: int
    """Cameras of older agents, which do not name the protocol."""
    states: dict[DeviceState, int]


class StorageRoom(WallFigures):
    """Disk under the archive."""

    free_bytes: int
    total_bytes: int
    day_bytes: int
    """Size of the newest day that is over; 0 before the first."""
    days_left: float | None
    """Days of that size that still fit; None before the first day is over."""


class Collected(WallFigures):
    """Rows that the archive has, and its disk."""

    snapshots: int | None
    machines: int | None
    days: tuple[DayRows, ...] | None
    """Days with rows, the oldest first."""
    storage: StorageRoom | None
    target_days: int | None


class WallResults(WallFigures):
    """Alarms of the last seven days; cases, machines and exports that the centre keeps."""

    since_ms: int
    alarms: dict[Severity, int]
    waiting: int
    """Alarms of any age that are neither acknowledged nor closed."""
    taken: int
    """Alarms since then that were acknowledged or closed."""
    median_taken_s: float | None
    """Median time until then; None without one."""
    in_time: int | None
    """Alarms since then that were taken within `target_s`; None without a target."""
    target_s: int | None
    cases: dict[CaseState, int]
    machines_found: int
    """Cases with a confirmed sighting."""
    sightings: int
    """Confirmed sightings of all cases."""
    exports: int
    """Exports that were made, also those whose file is removed by now."""


class Capacity(WallFigures):
    """Use of the chain, and what it could do."""

    streams: int | None
    """Cameras that are online now."""
    streams_possible: int
    """Cameras that agents have configured."""
    streams_target: int | None
    pictures_per_s: float | None
    """Archived in the last minute; None also in the first minute of the centre."""
    pictures_possible_per_s: float | None
    """Sum of the rates that the online agents measured; None before the first."""
    pictures_target_per_s: float | None
    lag_ms: int | None
    """Median time from the intake to the commit; None also while no snapshot comes."""
    agents: int
    agents_online: int | None
    nodes: int | None
    """Machines of the cluster that Ray's head counts."""
    nodes_alive: int | None
    gpus: float | None
    """GPUs of the machines that are alive."""


class WallView(WallFigures):
    """All figures of the wall at one time."""

    at_ms: int
    coverage: Coverage
    collected: Collected
    results: WallResults
    capacity: Capacity
    faults: dict[Source, str]
    """Code of the error for each source that does not answer."""
