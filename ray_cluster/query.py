"""The reader: what the archive holds, page by page. Opens the tables for itself and writes nothing."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
from lancedb.query import ColumnOrdering

from provisioning.contracts import ids
from provisioning.contracts.archive import (
    ArchiveStatus,
    CommitPage,
    HoldMarks,
    ObjectRow,
    Observation,
    ObservationPage,
    SnapshotRow,
    StorageStatus,
)
from provisioning.contracts.messages import MachineClass, PictureState
from ray_cluster.day_tables import connect, day_names, quoted, read_errors
from ray_cluster.errors import (
    BadRequest,
    PictureDamaged,
    PictureErased,
    PictureLeaked,
    PictureWithheld,
    UnknownObservation,
)
from ray_cluster.held_area import HeldArea
from ray_cluster.packs import Packs
from ray_cluster.storage import Storage
from ray_cluster.tables import OBJECT_COLUMNS, OBJECTS, SNAPSHOTS, filed_at_ms, object_row, snapshot_row
from ray_cluster.upkeep_status import alarms, read_status

MAX_TIME_MS: Final = 4_102_444_800_000
_ROW_KEY: Final = re.compile(ids.AGENT_PATTERN[1:-1] + ":" + ids.OBSERVATION_PATTERN[1:-1])
_CAMERA: Final = re.compile(ids.CAMERA_PATTERN[1:-1])
_AGENT: Final = re.compile(ids.AGENT_PATTERN[1:-1])
_CURSOR: Final = re.compile(r"([0-9]{1,13})~(.{1,128})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the last row's filed time and key."""

    at_ms: int
    row_key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` made.

        Raises:
            BadRequest: it is something else.
        """
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise BadRequest("cursor: not one of ours; leave it out to start from the newest")
        return cls(int(match.group(1)), checked_row_key(match.group(2)))

    def __str__(self) -> str:
        return f"{self.at_ms}~{self.row_key}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which observations. An empty tuple means all; `from_ms` is inclusive, `to_ms` exclusive, both of filed time.

    Raises:
        BadRequest: a camera id that cannot be one, or an empty span.
    """

    from_ms: int = 0
    to_ms: int = MAX_TIME_MS
    camera_ids: tuple[str, ...] = ()
    classes: tuple[MachineClass, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    """Agent and camera: two agents may give one id to theirs."""

    def __post_init__(self) -> None:
        if not 0 <= self.from_ms <= self.to_ms <= MAX_TIME_MS:
            raise BadRequest("from_ms, to_ms: give milliseconds since 1970 with from_ms <= to_ms")
        for camera in self.camera_ids:
            if _CAMERA.fullmatch(camera) is None:
                raise BadRequest(f"camera_id: {camera[:64]!r} cannot be a camera's id")
        for agent, camera in self.sources:
            if _AGENT.fullmatch(agent) is None or _CAMERA.fullmatch(camera) is None:
                raise BadRequest(f"source: {agent[:64]!r}/{camera[:64]!r} cannot be an agent and its camera")

    def conditions(self, before: Cursor | None) -> str:
        """As Lance SQL. Every value was checked against a pattern without quotes, or is a number."""
        parts = [f"filed_at_ms >= {self.from_ms}", f"filed_at_ms < {self.to_ms}"]
        if self.camera_ids:
            parts.append(f"camera_id IN ({quoted(self.camera_ids)})")
        if self.sources:
            parts.append(_of_sources(self.sources))
        if self.classes:
            parts.append(f"array_has_any(classes, [{quoted(self.classes)}])")
        if before is not None:
            parts.append(f"filed_at_ms <= {before.at_ms}")
            parts.append(f"(filed_at_ms < {before.at_ms} OR row_key < '{before.row_key}')")
        return " AND ".join(parts)


class Query:
    """Answers questions about one archive directory, which may not exist yet. Any thread may call it."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._directory = directory
        self._packs = Packs(directory / "packs")
        self._held = HeldArea(directory)
        self._zone = timezone(timedelta(minutes=offset_minutes))
        self._tables = connect(directory)
        self._storage = Storage(directory)

    def observations(
        self, wanted: Filter, *, limit: int, cursor: Cursor | None = None, only_day: str | None = None
    ) -> ObservationPage:
        """One page, newest filed time first; of one day alone where that is asked.

        Raises:
            ArchiveUnreadable: try again.
        """
        rows: list[SnapshotRow] = []
        newest = min(wanted.to_ms - 1, cursor.at_ms if cursor else MAX_TIME_MS)
        for day in reversed(self.days()):
            if only_day not in {None, day}:
                continue
            if not self._day(wanted.from_ms) <= day <= self._day(max(newest, 0)):
                continue
            with read_errors(day):
                rows += self._rows(
                    day,
                    wanted.conditions(cursor),
                    ("filed_at_ms", "row_key"),
                    ascending=False,
                    limit=limit + 1 - len(rows),
                )
            if len(rows) > limit:
                break
        page = rows[:limit]
        following = str(Cursor(filed_at_ms(page[-1]), page[-1].row_key)) if len(rows) > limit else None
        return ObservationPage(items=self._with_machines(page), next_cursor=following)

    def observation(self, row_key: str) -> Observation:
        """One row with its machines.

        Raises:
            BadRequest: not a row key.
            UnknownObservation: no such row.
        """
        condition = f"row_key = '{checked_row_key(row_key)}'"
        for day in reversed(self.days()):
            with read_errors(day):
                rows = self._rows(day, condition, (), ascending=True, limit=1)
            if rows:
                return self._with_machines(rows)[0]
        held = self._held.observation(row_key)
        if held is not None:
            return held
        raise UnknownObservation(f"{row_key}: no such observation; it may have passed its retention")

    def holds(self, row_key: str) -> HoldMarks:
        """The legal holds that name one row.

        Raises:
            BadRequest, UnknownObservation: as `observation`.
            ArchiveUnreadable: a hold cannot be read.
        """
        return HoldMarks(holds=self._held.marks(self.observation(row_key).snapshot))

    def picture(self, row_key: str) -> bytes:
        """The JPEG of one row.

        Raises:
            PictureWithheld, PictureLeaked: the row never had one here.
            PictureErased, PictureDamaged: it had.
            BadRequest, UnknownObservation: as `observation`.
        """
        return self.picture_of(self.observation(row_key).snapshot)

    def picture_of(self, row: SnapshotRow) -> bytes:
        """As `picture`, for a row that is at hand."""
        if row.picture is PictureState.LEAK:
            raise PictureLeaked(f"{row.row_key}: a face was found in the picture; it was not kept")
        if row.place is None:
            raise PictureWithheld(f"{row.row_key}: the edge withheld the picture")
        if row.erased_at_ms is not None:
            raise PictureErased(f"{row.row_key}: the picture was erased")
        try:
            return self._packs.read(row.place, row.picture_sha256)
        except PictureDamaged:
            # A day that was dropped has no pack any more, but a legal hold may have a copy.
            held = self._held.picture(row)
            if held is None:
                raise
            return held

    def commits(self, *, after: int, limit: int) -> CommitPage:
        """Rows in commit order.

        Two passes: the first finds where the page ends, the second reads it. The writer makes rows visible in the order
        of their numbers, so when the first pass has seen number n, the second sees every row below n, also those that
        came into a day which the first had already passed.
        """
        condition = f"commit_seq > {after}"
        numbers: list[int] = []
        for day in self.days():
            with read_errors(day):
                query = self._snapshots(day).search().where(condition).select(["commit_seq"])
                found = query.order_by([ColumnOrdering(column_name="commit_seq")]).limit(limit).to_arrow()
            numbers += found.column("commit_seq").to_pylist()
        if not numbers:
            return CommitPage(items=(), last_commit_seq=after)
        last = sorted(numbers)[:limit][-1]
        rows: list[SnapshotRow] = []
        for day in self.days():
            with read_errors(day):
                rows += self._rows(
                    day, f"{condition} AND commit_seq <= {last}", ("commit_seq",), ascending=True, limit=limit
                )
        rows = sorted(rows, key=lambda row: row.commit_seq)[:limit]
        return CommitPage(items=self._with_machines(rows), last_commit_seq=rows[-1].commit_seq)

    def count(self, wanted: Filter) -> int:
        """How many rows `observations` would answer in all. Raises `ArchiveUnreadable`."""
        rows = 0
        for day in self.days():
            if self._day(wanted.from_ms) <= day <= self._day(max(wanted.to_ms - 1, 0)):
                with read_errors(day):
                    rows += self._snapshots(day).count_rows(wanted.conditions(None))
        return rows

    def status(self) -> ArchiveStatus:
        """Counted from the tables themselves, so that the ledger does not rest on anybody's counters.

        Reads two columns of every row: about a second for ten million.
        """
        rows = objects = leaks = last = 0
        keys: list[pa.ChunkedArray] = []
        days = self.days()
        for day in days:
            with read_errors(day):
                table = self._snapshots(day)
                columns = table.search().select(["row_key", "commit_seq"]).to_arrow()
                leaks += table.count_rows(f"picture = '{PictureState.LEAK}'")
                objects += self._tables.open_table(OBJECTS + day).count_rows()
            rows += columns.num_rows
            keys.append(columns.column("row_key"))
            last = max(last, pc.max(columns.column("commit_seq")).as_py() or 0)
        distinct = len(pa.chunked_array([chunk for key in keys for chunk in key.chunks], pa.string()).unique())
        upkeep = read_status(self._directory)
        return ArchiveStatus(
            days=days,
            rows=rows,
            distinct_ids=distinct,
            objects=objects,
            leaks=leaks,
            last_commit_seq=last,
            upkeep=upkeep,
            alarms=alarms(upkeep),
        )

    def storage(self) -> StorageStatus:
        """The disk under the archive, and what the newest day that is over takes of it.

        Raises:
            ArchiveUnreadable: it cannot be asked.
        """
        today = self._day(time.time_ns() // 1_000_000)
        with read_errors("disk"):
            return self._storage.look(tuple(day for day in self.days() if day < today))

    def alarms(self) -> tuple[str, ...]:
        """What upkeep found that an operator must be told."""
        return alarms(read_status(self._directory))

    def days(self) -> tuple[str, ...]:
        """Days that have rows, oldest first.

        Raises:
            ArchiveUnreadable: the directory cannot be listed.
        """
        with read_errors("tables"):
            return day_names(self._tables)

    def _day(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone).strftime("%Y%m%d")

    def _snapshots(self, day: str) -> Any:
        return self._tables.open_table(SNAPSHOTS + day)

    def _rows(
        self, day: str, condition: str, order: Sequence[str], *, ascending: bool, limit: int
    ) -> list[SnapshotRow]:
        query = self._snapshots(day).search().where(condition).limit(limit)
        if order:
            query = query.order_by([ColumnOrdering(column_name=name, ascending=ascending) for name in order])
        return [snapshot_row(record) for record in query.to_list()]

    def _with_machines(self, rows: Sequence[SnapshotRow]) -> tuple[Observation, ...]:
        machines: dict[str, list[ObjectRow]] = {row.row_key: [] for row in rows}
        by_day: dict[str, list[str]] = {}
        for row in rows:
            by_day.setdefault(self._day(filed_at_ms(row)), []).append(row.row_key)
        for day, keys in by_day.items():
            with read_errors(day):
                table = self._tables.open_table(OBJECTS + day)
                there = set(table.schema.names)
                columns = [name for name in OBJECT_COLUMNS if name in there]
                query = table.search().where(f"row_key IN ({quoted(keys)})")
                for record in query.select(columns).to_list():
                    machines[record["row_key"]].append(object_row(record))
        return tuple(
            Observation(snapshot=row, machines=tuple(sorted(machines[row.row_key], key=lambda machine: machine.index)))
            for row in rows
        )


def _of_sources(sources: Sequence[tuple[str, str]]) -> str:
    """As Lance SQL: one clause an agent."""
    by_agent: dict[str, list[str]] = {}
    for agent, camera in sources:
        by_agent.setdefault(agent, []).append(camera)
    clauses = (f"(agent_id = '{agent}' AND camera_id IN ({quoted(of)}))" for agent, of in by_agent.items())
    return f"({' OR '.join(clauses)})"


def checked_row_key(text: str) -> str:
    """`text`, if it can be a row key: nothing else may reach a filter.

    Raises:
        BadRequest: it cannot.
    """
    if _ROW_KEY.fullmatch(text) is None:
        raise BadRequest("row_key: an agent id, a colon and 32 hexadecimal digits")
    return text
