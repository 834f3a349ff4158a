"""Places and ends legal holds: copies the rows of a case before retention drops their days."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.query.archive import Observation
from ray_cluster.archive.hold_store import Hold, HoldStore
from ray_cluster.archive.partitions.division import OpenPartitions
from ray_cluster.archive.schema import filed_at_ms
from ray_cluster.archive.windows import day_name
from ray_cluster.errors import (
    BadRequest,
    PictureErased,
    PictureLeaked,
    PictureWithheld,
    UnknownHold,
)
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.partition_reader import PartitionReader

MAX_ROWS: Final = 100_000
"""Most rows of one hold, which is evidence of a case, not a second archive."""
_MAX_DAYS: Final = 400
_DAY_MS: Final = 86_400_000
_PAGE: Final = 500


class PartitionHolds:
    """Places, fills and ends the holds of one partition."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self.area = HoldStore(directory)
        self._reader = PartitionReader(directory, offset_minutes=offset_minutes)
        self._offset_minutes = offset_minutes

    def prepare(self, hold: Hold) -> "PreparedHold":
        """Check a hold and find its rows; nothing is held yet.

        Raises:
            BadRequest: another hold has that name, its end is past, or it is too large.
            UnknownObservation: a row that it names is not archived.
            ArchiveUnreadable: try again.
        """
        present = {each.name: each for each in self.area.all()}.get(hold.name)
        if present is not None and _essence(present) != _essence(hold):
            raise BadRequest(f"hold {hold.name}: is there for case {present.case}, with other content; choose a name")
        if hold.until_ms <= hold.placed_at_ms:
            raise BadRequest(f"hold {hold.name}: its end is past; give a later --until")
        rows = tuple(self._reader.observation(key) for key in hold.row_keys)
        if hold.camera_ids:
            days = self._span_days(hold)
        else:
            days = tuple(sorted({day_name(filed_at_ms(row.snapshot), self._offset_minutes) for row in rows}))
        return PreparedHold(present or hold.model_copy(update={"days": days}), rows)

    def put(self, prepared: "PreparedHold") -> Hold:
        """Put a hold in force and copy its rows that are archived now.

        Raises:
            ArchiveUnreadable, ArchiveWriteFailed: try again.
        """
        hold = prepared.hold
        self.area.write(hold)
        for row in prepared.rows:
            self._keep(hold, row)
        if hold.row_keys:
            for day in hold.days:
                self.area.mark_copied(hold.name, day)
        else:
            for day in hold.days:
                self._copy_span(hold, day)
        return hold

    def count(self, hold: Hold) -> int:
        """Count the rows of a span."""
        return self._reader.count(Filter(hold.from_ms, hold.to_ms, hold.camera_ids))

    def expire(self, now_ms: int) -> tuple[str, ...]:
        """Delete holds whose time is over and return their names."""
        over = tuple(hold.name for hold in self.area.all() if hold.until_ms <= now_ms)
        for name in over:
            self.area.remove(name)
        return over

    def copy_day(self, day: str) -> int:
        """Copy the held rows of a day that is complete; return the number of holds that were copied."""
        touched = [hold for hold in self.area.all() if day in hold.days and not self.area.copied(hold.name, day)]
        for hold in touched:
            self._copy_span(hold, day)
            self.area.mark_copied(hold.name, day)
        return len(touched)

    def _copy_span(self, hold: Hold, day: str) -> None:
        wanted = Filter(hold.from_ms, hold.to_ms, hold.camera_ids)
        cursor: Cursor | None = None
        while True:
            page = self._reader.observations(wanted, limit=_PAGE, cursor=cursor, only_day=day)
            for row in page.items:
                self._keep(hold, row)
            if page.next_cursor is None:
                return
            cursor = Cursor.parse(page.next_cursor)

    def _keep(self, hold: Hold, row: Observation) -> None:
        try:
            picture = self._reader.picture_of(row.snapshot)
        except (PictureErased, PictureLeaked, PictureWithheld):
            picture = None
        self.area.keep(hold.name, row, picture)

    def _span_days(self, hold: Hold) -> tuple[str, ...]:
        if hold.to_ms - hold.from_ms > _MAX_DAYS * _DAY_MS:
            raise BadRequest(f"hold {hold.name}: a span of more than {_MAX_DAYS} days; name rows, or several holds")
        moments = [*range(hold.from_ms, hold.to_ms, _DAY_MS), hold.to_ms - 1]
        return tuple(sorted({day_name(moment, self._offset_minutes) for moment in moments}))


@dataclass(frozen=True, slots=True)
class PreparedHold:
    """A hold that was checked, with the rows that it names by key."""

    hold: Hold
    rows: tuple[Observation, ...]


class Holds:
    """Places and ends the holds of an archive: each partition holds what it has of one."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._partitions = OpenPartitions(
            directory, lambda folder: PartitionHolds(folder, offset_minutes=offset_minutes)
        )

    def place(self, hold: Hold) -> Hold:
        """Put a hold in force and copy its rows that are archived now. Placing the same one again changes nothing.

        Raises:
            BadRequest: another hold has that name, its end is past, or it is too large.
            UnknownObservation: a row that it names is not archived.
            ArchiveUnreadable, ArchiveWriteFailed: try again.
        """
        parts = self._parts(hold)
        for partition in self._partitions.all():
            if partition not in parts and any(each.name == hold.name for each in partition.area.all()):
                raise BadRequest(f"hold {hold.name}: is there with other rows; choose a name")
        # Checked in every partition before it is put in force in one.
        prepared = {partition: partition.prepare(part) for partition, part in parts.items()}
        if hold.camera_ids and (rows := sum(partition.count(hold) for partition in parts)) > MAX_ROWS:
            raise BadRequest(f"hold {hold.name}: {rows} rows are more than {MAX_ROWS}; narrow the span or the cameras")
        return _joined([partition.put(part) for partition, part in prepared.items()])

    def all(self) -> tuple[Hold, ...]:
        """List all holds, sorted by name. Raises `ArchiveUnreadable`."""
        by_name: dict[str, list[Hold]] = {}
        for partition in self._partitions.all():
            for hold in partition.area.all():
                by_name.setdefault(hold.name, []).append(hold)
        return tuple(_joined(by_name[name]) for name in sorted(by_name))

    def copied(self, name: str) -> int:
        """Count the rows that a hold has copied."""
        return sum(partition.area.count(name) for partition in self._partitions.all())

    def release(self, name: str) -> None:
        """End a hold and delete its copies.

        Raises:
            UnknownHold: there is no such hold; it may have been released or have ended already.
        """
        if name not in {hold.name for hold in self.all()}:
            raise UnknownHold(f"hold {name}: there is none; it was released, or its time was over")
        for partition in self._partitions.all():
            partition.area.remove(name)

    def _parts(self, hold: Hold) -> dict[PartitionHolds, Hold]:
        """Divide a hold: rows by their partition, a span of cameras over all."""
        if hold.camera_ids:
            return dict.fromkeys(self._partitions.all(), hold)
        keys: dict[PartitionHolds, list[str]] = {}
        for key in hold.row_keys:
            keys.setdefault(self._partitions.of(key), []).append(key)
        return {partition: hold.model_copy(update={"row_keys": tuple(of)}) for partition, of in keys.items()}


def _joined(parts: Sequence[Hold]) -> Hold:
    """Join what the partitions have of one hold."""
    if len(parts) == 1:
        return parts[0]
    row_keys = tuple(key for part in parts for key in part.row_keys)
    days = tuple(sorted({day for part in parts for day in part.days}))
    return parts[0].model_copy(update={"row_keys": row_keys, "days": days})


def _essence(hold: Hold) -> Hold:
    return hold.model_copy(update={"placed_at_ms": 0, "days": ()})
