"""Merges the answers of an archive's partitions to one. Pure: an answer of each partition in, one out.

The rows of an agent are in one partition, so partitions never disagree about a row, a camera or a group of pictures.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from provisioning.contracts.query.archive import (
    ArchiveGrowth,
    DayRows,
    ObservationPage,
    SnapshotRow,
    StorageStatus,
    StoredPacks,
)
from provisioning.contracts.query.search import CameraCount, DayPlan, MachineCounts, SearchPlan, TimeBin, WeekHour
from provisioning.contracts.query.zone_counts import MAX_ZONE_BINS, ZoneCounts
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.errors import BadRequest
from ray_cluster.query.explain import both_plans
from ray_cluster.query.filters import Cursor

_Key = TypeVar("_Key", bound=Hashable)


def merged_page(pages: Sequence[ObservationPage], limit: int, at_ms: Callable[[SnapshotRow], int]) -> ObservationPage:
    """Merge pages of the same request, newest first by `at_ms` and key.

    A page with a cursor says nothing of rows behind it, so the merged page ends where the first of these pages ends.
    """
    if len(pages) == 1:
        return pages[0]
    ends = [Cursor.parse(page.next_cursor) for page in pages if page.next_cursor is not None]
    end = max(((each.at_ms, each.row_key) for each in ends), default=None)
    placed = [((at_ms(item.snapshot), item.snapshot.row_key), item) for page in pages for item in page.items]
    placed = sorted((each for each in placed if end is None or each[0] >= end), key=lambda each: each[0], reverse=True)
    if len(placed) > limit:
        placed = placed[:limit]
        end = placed[-1][0]
    following = None if end is None else str(Cursor(*end))
    return ObservationPage(items=tuple(item for _, item in placed), next_cursor=following)


def merged_counts(counts: Sequence[MachineCounts]) -> MachineCounts:
    """Add up counts of machines."""
    if len(counts) == 1:
        return counts[0]
    bins = _added((each.from_ms, each.machines) for one in counts for each in one.bins)
    week = _added(((each.weekday, each.hour), each.machines) for one in counts for each in one.week)
    cameras = _added(((each.agent_id, each.camera_id), each.machines) for one in counts for each in one.cameras)
    return MachineCounts(
        machines=sum(one.machines for one in counts),
        bins=tuple(TimeBin(from_ms=from_ms, machines=of) for from_ms, of in sorted(bins.items())),
        week=tuple(WeekHour(weekday=day, hour=hour, machines=of) for (day, hour), of in sorted(week.items())),
        cameras=tuple(
            CameraCount(agent_id=agent, camera_id=camera, machines=of)
            for (agent, camera), of in sorted(cameras.items())
        ),
        rows_read=sum(one.rows_read for one in counts),
        days_left_out=_days(one.days_left_out for one in counts),
        days_without=_days(one.days_without for one in counts),
    )


def merged_zones(counts: Sequence[ZoneCounts]) -> ZoneCounts:
    """Put together counts of people: each camera is in one partition.

    Raises:
        BadRequest: the answer would be too large.
    """
    if len(counts) == 1:
        return counts[0]
    zones = sorted((zone for one in counts for zone in one.zones), key=lambda zone: (zone.agent_id, zone.camera_id))
    if sum(len(zone.bins) for zone in zones) > MAX_ZONE_BINS:
        raise BadRequest(f"more than {MAX_ZONE_BINS} bins in all: ask for fewer cameras or wider bins")
    return ZoneCounts(
        zones=tuple(zones),
        told_to_ms=counts[0].told_to_ms,
        rows_read=sum(one.rows_read for one in counts),
        days_left_out=tuple(sorted({day for one in counts for day in one.days_left_out})),
    )


def merged_plan(plans: Sequence[SearchPlan]) -> SearchPlan:
    """Merge plans of the same search by day, newest first."""
    days: dict[str, DayPlan] = {}
    for each in (day for plan in plans for day in plan.days):
        days[each.day] = both_plans(days[each.day], each) if each.day in days else each
    return SearchPlan(
        days=tuple(days[day] for day in sorted(days, reverse=True)),
        days_without=_days(plan.days_without for plan in plans),
    )


def merged_storage(parts: Sequence[StorageStatus]) -> StorageStatus:
    """Add up the bytes of the newest day; the disk is that of the partition with the least room."""
    fullest = min(parts, key=lambda part: part.free_bytes)
    day = max(part.day for part in parts)
    return StorageStatus(
        free_bytes=fullest.free_bytes,
        total_bytes=fullest.total_bytes,
        day=day,
        day_bytes=sum(part.day_bytes for part in parts if part.day == day),
    )


def merged_packs(parts: Sequence[StoredPacks]) -> StoredPacks | None:
    """Add up counted packs, as old as the oldest count; None without one."""
    if not parts:
        return None
    return StoredPacks(
        at_ms=min(part.at_ms for part in parts),
        packs=sum(part.packs for part in parts),
        size_bytes=sum(part.size_bytes for part in parts),
        unreferenced=sum(part.unreferenced for part in parts),
    )


def merged_growth(parts: Sequence[ArchiveGrowth]) -> ArchiveGrowth:
    """Add up the rows of each day."""
    days: dict[str, DayRows] = {}
    for each in (day for part in parts for day in part.days):
        one = days.get(each.day, DayRows(day=each.day, snapshots=0, machines=0))
        snapshots, machines = one.snapshots + each.snapshots, one.machines + each.machines
        days[each.day] = DayRows(day=each.day, snapshots=snapshots, machines=machines)
    return ArchiveGrowth(days=tuple(days[day] for day in sorted(days)))


def _added(parts: Iterable[tuple[_Key, dict[MachineClass, int]]]) -> dict[_Key, dict[MachineClass, int]]:
    found: defaultdict[_Key, Counter[MachineClass]] = defaultdict(Counter)
    for key, machines in parts:
        found[key].update(machines)
    return {key: dict(of) for key, of in found.items()}


def _days(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """List the days of all parts, newest first."""
    return tuple(sorted({day for part in parts for day in part}, reverse=True))
