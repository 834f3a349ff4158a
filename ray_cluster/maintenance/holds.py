"""Places and ends legal holds: copies the rows of a case before retention drops their days."""

from pathlib import Path
from typing import Final

from provisioning.contracts.query.archive import Observation
from ray_cluster.archive.hold_store import Hold, HoldStore
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
from ray_cluster.query.reader import Query

MAX_ROWS: Final = 100_000
"""Most rows of one hold, which is evidence of a case, not a second archive."""
_MAX_DAYS: Final = 400
_DAY_MS: Final = 86_400_000
_PAGE: Final = 500


class Holds:
    """Places, fills and ends the holds of one archive directory."""

    def __init__(self, directory: Path, query: Query, *, offset_minutes: int) -> None:
        self._area = HoldStore(directory)
        self._query = query
        self._offset_minutes = offset_minutes

    def place(self, hold: Hold) -> Hold:
        """Put a hold in force and copy its rows that are archived now. Placing the same one again changes nothing.

        Raises:
            BadRequest: another hold has that name, its end is past, or it is too large.
            UnknownObservation: a row that it names is not archived.
            ArchiveUnreadable, ArchiveWriteFailed: try again.
        """
        present = {each.name: each for each in self._area.all()}.get(hold.name)
        if present is not None and _essence(present) != _essence(hold):
            raise BadRequest(f"hold {hold.name}: is there for case {present.case}, with other content; choose a name")
        if hold.until_ms <= hold.placed_at_ms:
            raise BadRequest(f"hold {hold.name}: its end is past; give a later --until")
        rows = [self._query.observation(key) for key in hold.row_keys]
        if hold.camera_ids:
            days = self._span_days(hold)
            self._check_size(hold)
        else:
            days = tuple(sorted({day_name(filed_at_ms(row.snapshot), self._offset_minutes) for row in rows}))
        hold = present or hold.model_copy(update={"days": days})
        self._area.write(hold)
        for row in rows:
            self._keep(hold, row)
        if hold.row_keys:
            for day in hold.days:
                self._area.mark_copied(hold.name, day)
        else:
            for day in hold.days:
                self._copy_span(hold, day)
        return hold

    def release(self, name: str) -> None:
        """End a hold and delete its copies.

        Raises:
            UnknownHold: there is no such hold; it may have been released or have ended already.
        """
        if name not in {hold.name for hold in self._area.all()}:
            raise UnknownHold(f"hold {name}: there is none; it was released, or its time was over")
        self._area.remove(name)

    def expire(self, now_ms: int) -> tuple[str, ...]:
        """Delete holds whose time is over and return their names."""
        over = tuple(hold.name for hold in self._area.all() if hold.until_ms <= now_ms)
        for name in over:
            self._area.remove(name)
        return over

    def copy_day(self, day: str) -> int:
        """Copy the held rows of a day that is complete; return the number of holds that were copied."""
        touched = [hold for hold in self._area.all() if day in hold.days and not self._area.copied(hold.name, day)]
        for hold in touched:
            self._copy_span(hold, day)
            self._area.mark_copied(hold.name, day)
        return len(touched)

    def _copy_span(self, hold: Hold, day: str) -> None:
        wanted = Filter(hold.from_ms, hold.to_ms, hold.camera_ids)
        cursor: Cursor | None = None
        while True:
            page = self._query.observations(wanted, limit=_PAGE, cursor=cursor, only_day=day)
            for row in page.items:
                self._keep(hold, row)
            if page.next_cursor is None:
                return
            cursor = Cursor.parse(page.next_cursor)

    def _keep(self, hold: Hold, row: Observation) -> None:
        try:
            picture = self._query.picture_of(row.snapshot)
        except (PictureErased, PictureLeaked, PictureWithheld):
            picture = None
        self._area.keep(hold.name, row, picture)

    def _span_days(self, hold: Hold) -> tuple[str, ...]:
        if hold.to_ms - hold.from_ms > _MAX_DAYS * _DAY_MS:
            raise BadRequest(f"hold {hold.name}: a span of more than {_MAX_DAYS} days; name rows, or several holds")
        moments = [*range(hold.from_ms, hold.to_ms, _DAY_MS), hold.to_ms - 1]
        return tuple(sorted({day_name(moment, self._offset_minutes) for moment in moments}))

    def _check_size(self, hold: Hold) -> None:
        rows = self._query.count(Filter(hold.from_ms, hold.to_ms, hold.camera_ids))
        if rows > MAX_ROWS:
            raise BadRequest(f"hold {hold.name}: {rows} rows are more than {MAX_ROWS}; narrow the span or the cameras")


def _essence(hold: Hold) -> Hold:
    return hold.model_copy(update={"placed_at_ms": 0, "days": ()})
