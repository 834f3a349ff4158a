"""Reads the archive over all its partitions. Opens its own tables and writes none."""

from pathlib import Path

import pyarrow as pa

from provisioning.contracts.config.cluster import PackStore
from provisioning.contracts.query.archive import (
    ArchiveGrowth,
    ArchiveStatus,
    CommitPage,
    HoldMarks,
    Observation,
    ObservationPage,
    PackStoreStatus,
    SnapshotRow,
    StorageStatus,
    UpkeepReport,
    UpkeepStatus,
)
from provisioning.contracts.query.search import MachineCounts, SearchPlan
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from ray_cluster.archive.object_store.store_health import StoreHealth
from ray_cluster.archive.partitions.division import OpenPartitions
from ray_cluster.archive.schema import filed_at_ms
from ray_cluster.archive.upkeep_status import by_day
from ray_cluster.coded_errors import CodedText
from ray_cluster.errors import BadRequest
from ray_cluster.query.filters import Cursor, Filter, checked_row_key
from ray_cluster.query.merging import (
    merged_counts,
    merged_growth,
    merged_packs,
    merged_page,
    merged_plan,
    merged_storage,
    merged_zones,
)
from ray_cluster.query.partition_reader import PartitionReader


class Query:
    """Reads one archive directory, which may not exist yet. Thread-safe.

    Raises (all methods):
        ArchiveUnreadable: try again.
    """

    def __init__(self, directory: Path, *, offset_minutes: int, pack_store: PackStore | None = None) -> None:
        """Open the archive. `pack_store`: the store of its packs as configured, which counts until it has one."""
        self.directory = directory
        self._store = StoreHealth(directory, pack_store)
        self._partitions = OpenPartitions(
            directory, lambda folder: PartitionReader(folder, offset_minutes=offset_minutes)
        )

    @property
    def partitions(self) -> tuple[PartitionReader, ...]:
        """Readers of the partitions, by number."""
        return self._partitions.all()

    def observations(
        self, wanted: Filter, *, limit: int, cursor: Cursor | None = None, only_day: str | None = None
    ) -> ObservationPage:
        """Return a page, newest filed time first; of `only_day` if that is given.

        With conditions on machines other than their class, machines are searched instead of snapshots: such a page may
        be shorter than `limit`, or empty, and still have a cursor.
        """
        pages = [each.observations(wanted, limit=limit, cursor=cursor, only_day=only_day) for each in self.partitions]
        return merged_page(pages, limit, _captured_at_ms if wanted.wanted.of_machine else filed_at_ms)

    def observation(self, row_key: str) -> Observation:
        """Return one row with its machines.

        Raises:
            BadRequest: not a row key.
            UnknownObservation: no such row.
        """
        return self._partitions.of(checked_row_key(row_key)).observation(row_key)

    def holds(self, row_key: str) -> HoldMarks:
        """List the legal holds that name one row. Raises as `observation`."""
        return self._partitions.of(checked_row_key(row_key)).holds(row_key)

    def picture(self, row_key: str) -> bytes:
        """Return the JPEG of one row.

        Raises:
            PictureWithheld, PictureLeaked: the row never had one here.
            PictureErased, PictureDamaged: the row had one.
            BadRequest, UnknownObservation: as `observation`.
        """
        return self._partitions.of(checked_row_key(row_key)).picture(row_key)

    def picture_of(self, row: SnapshotRow) -> bytes:
        """Return the JPEG of a row that was read before. Raises as `picture`."""
        return self._partitions.of(row.row_key).picture_of(row)

    def commits(self, *, after: int, limit: int, partition: int = 0) -> CommitPage:
        """Return a page of a partition's rows in commit order.

        Raises:
            BadRequest: there is no such partition.
        """
        readers = self.partitions
        if partition >= len(readers):
            raise BadRequest(f"partition: the archive has {len(readers)}, counted from 0")
        page = readers[partition].commits(after=after, limit=limit)
        return page.model_copy(update={"partitions": len(readers)})

    def count(self, wanted: Filter) -> int:
        """Count the rows of a span and of cameras."""
        return sum(each.count(wanted) for each in self.partitions)

    def counts(self, wanted: Filter, bin_ms: int) -> MachineCounts:
        """Count machines by class and time, hour of the week and camera.

        Raises:
            BadRequest: the span has no end, or too many bins.
        """
        return merged_counts([each.counts(wanted, bin_ms) for each in self.partitions])

    def zones(self, span: ZoneSpan, cameras: Filter, *, now_ms: int) -> ZoneCounts:
        """Count people before cameras, as means and maxima of bins.

        Raises:
            BadRequest: the answer would be too large.
        """
        return merged_zones([each.zones(span, cameras, now_ms=now_ms) for each in self.partitions])

    def plan(self, wanted: Filter) -> SearchPlan:
        """Explain how `observations` would be answered."""
        return merged_plan([each.plan(wanted) for each in self.partitions])

    def status(self) -> ArchiveStatus:
        """Count the archive from its tables: about a second for ten million rows."""
        readers = self.partitions
        tallies = [each.tally() for each in readers]
        keys = pa.chunked_array([chunk for tally in tallies for chunk in tally.row_keys], pa.string())
        last, *further = (tally.last_commit_seq for tally in tallies)
        return ArchiveStatus(
            days=tuple(sorted({day for tally in tallies for day in tally.days})),
            rows=sum(tally.rows for tally in tallies),
            distinct_ids=len(keys.unique()),
            objects=sum(tally.objects for tally in tallies),
            leaks=sum(tally.leaks for tally in tallies),
            last_commit_seq=last,
            further_commit_seqs=tuple(further),
            upkeep=_upkeep([found for each in readers if (found := each.upkeep()) is not None]),
            alarms=self.alarms(),
            pack_store=self.pack_store(),
        )

    def upkeep(self) -> UpkeepReport:
        """Report the alarms of upkeep and retention. Opens the newest tables but reads no row: for frequent polls."""
        for each in self.partitions:
            each.open_newest()
        found = self._alarms()
        return UpkeepReport(alarms=tuple(each.text for each in found), reasons=tuple(each.reason for each in found))

    def storage(self) -> StorageStatus:
        """Measure the disk under the archive and the newest day that is over; report the store of packs."""
        first, *others = self.partitions
        disk = merged_storage([first.storage(), *(each.storage() for each in others if each.exists)])
        return disk.model_copy(update={"pack_store": self.pack_store()})

    def pack_store(self) -> PackStoreStatus | None:
        """Report the store of packs, and what upkeep counted in it; None if they lie on disk. Never waits for it."""
        found = self._store.status()
        if found is None:
            return None
        counted = [upkeep.packs for each in self.partitions if (upkeep := each.upkeep()) is not None]
        return found.model_copy(update={"packs": merged_packs([packs for packs in counted if packs is not None])})

    def growth(self) -> ArchiveGrowth:
        """Count the rows of each day."""
        return merged_growth([each.growth() for each in self.partitions])

    def alarms(self) -> tuple[str, ...]:
        """List alarms of upkeep and retention for the operator."""
        return tuple(each.text for each in self._alarms())

    def days(self) -> tuple[str, ...]:
        """List the days with rows, oldest first."""
        return tuple(sorted({day for each in self.partitions for day in each.days()}))

    def _alarms(self) -> tuple[CodedText, ...]:
        return tuple(
            CodedText(f"partition {number}: {alarm.text}", alarm.reason) if number else alarm
            for number, each in enumerate(self.partitions)
            for alarm in each.alarms()
        )


def _upkeep(found: list[UpkeepStatus]) -> UpkeepStatus | None:
    """Merge the findings of all partitions by day; as old as the oldest of them."""
    if not found:
        return None
    days = tuple(sorted((day for each in found for day in each.days), key=lambda day: day.name))
    faults = tuple(fault for each in found for fault in each.faults)
    return by_day(UpkeepStatus(at_ms=min(each.at_ms for each in found), days=days, faults=faults))


def _captured_at_ms(row: SnapshotRow) -> int:
    return row.captured_at_ms
