"""Writes rows of a span to Parquet files, for an analyst's own tools. It reads the archive beside a running cluster.

FOLDER/observations.parquet  a row for each observation
FOLDER/machines.parquet      a row for each machine of those observations, joined by `row_key`
FOLDER/export.json           case, purpose, span, number of rows, SHA-256 of both files

An export holds no picture, vector, covered region or number of people: `OBSERVATION_COLUMNS` and `MACHINE_COLUMNS` are
all that it may have.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field, model_validator

from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import Message, TimeMs
from provisioning.files import durable
from ray_cluster.archive.hold_store import CaseNumber
from ray_cluster.archive.lance_tables import batches, connect, quoted, read_errors, window_names
from ray_cluster.archive.merged_days import MergedDays
from ray_cluster.archive.partitions.division import OpenPartitions, Partitions
from ray_cluster.archive.schema import OBJECT_SCHEMA, OBJECTS, SNAPSHOT_SCHEMA, SNAPSHOTS
from ray_cluster.archive.windows import WindowsOfDays
from ray_cluster.errors import BadRequest, ExportFailed
from ray_cluster.query.filters import Filter
from ray_cluster.query.row_reader import pinned

OBSERVATION_COLUMNS: Final = (
    "row_key",
    "agent_id",
    "camera_id",
    "captured_at_ms",
    "received_at_ms",
    "clock",
    "time_trusted",
    "picture",
    "width",
    "height",
    "sharpness",
    "brightness",
    "contrast",
    "classes",
)
MACHINE_COLUMNS: Final = (
    "object_key",
    "row_key",
    "camera_id",
    "captured_at_ms",
    "cls",
    "score",
    "x0",
    "y0",
    "x1",
    "y1",
    "colour",
    "colour_share",
    "share",
    "heading_deg",
    "zones",
)
OBSERVATIONS_FILE: Final = "observations.parquet"
MACHINES_FILE: Final = "machines.parquet"
REPORT_FILE: Final = "export.json"
MOST_ROWS: Final = 5_000_000
"""Observations of one export, unless somebody asks for more: some 500 MB with their machines."""
_MOMENTS: Final = frozenset({"captured_at_ms", "received_at_ms"})
_MOMENT: Final = pa.timestamp("ms", tz="UTC")


class RowRequest(Message):
    """Rows that somebody asks for, and why. The span is half open and of filed times, as in a search."""

    case: CaseNumber
    purpose: str = Field(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f]+$")
    from_ms: TimeMs
    to_ms: TimeMs
    camera_ids: tuple[CameraId, ...] = Field(default=(), max_length=256)
    """Cameras to export; empty: every camera."""
    most_rows: int = Field(default=MOST_ROWS, ge=1, le=100_000_000)

    @model_validator(mode="after")
    def _has_a_span(self) -> "RowRequest":
        if not self.from_ms < self.to_ms:
            raise ValueError("the span needs from < to")
        return self


class RowReport(Message):
    """Content of an export."""

    case: str
    purpose: str
    from_ms: TimeMs
    to_ms: TimeMs
    camera_ids: tuple[CameraId, ...]
    observations: int
    machines: int
    sha256: dict[str, str]
    """SHA-256 by file name."""


class RowExport:
    """Exports rows of one archive directory."""

    def __init__(self, directory: Path, *, offset_minutes: int) -> None:
        self._directory = directory
        self._partitions = OpenPartitions(directory, connect)
        self._offset_minutes = offset_minutes

    def write(self, request: RowRequest, folder: Path, *, audit: Callable[[int], None]) -> RowReport:
        """Writes an export into a folder that does not exist yet; only its owner may read it.

        `audit` is called with the number of observations before a row is written.

        Raises:
            BadRequest: the folder exists, or there are more rows than were asked for.
            ArchiveUnreadable: try again.
            ExportFailed: the disk of the folder is full or faulty; nothing is left behind.
        """
        if folder.exists():
            raise BadRequest(f"{folder}: is there already; name a new folder")
        with ExitStack() as stack:
            for partition in Partitions(self._directory).folders():
                stack.enter_context(MergedDays(partition).kept())
            return self._write(request, folder, audit)

    def _write(self, request: RowRequest, folder: Path, audit: Callable[[int], None]) -> RowReport:
        wanted = Filter(from_ms=request.from_ms, to_ms=request.to_ms, camera_ids=request.camera_ids)
        windows = self._windows(wanted)
        condition = wanted.conditions(None)
        rows = 0
        for tables, name in windows:
            with read_errors(name):
                rows += tables.open_table(SNAPSHOTS + name).count_rows(condition)
        if rows > request.most_rows:
            raise BadRequest(
                f"{rows:,} observations are in this span and {request.most_rows:,} may be exported at once:"
                " take a shorter span or fewer cameras, or give --most-rows"
            )
        audit(rows)
        partial = folder.with_name(f".{folder.name}.partial")
        with _disk(folder), _made(partial):
            counted = self._fill(partial, windows, condition, request)
            report = RowReport(
                **request.model_dump(exclude={"most_rows"}),
                observations=counted[OBSERVATIONS_FILE],
                machines=counted[MACHINES_FILE],
                sha256={name: _sha256(partial / name) for name in counted},
            )
            durable.write(partial / REPORT_FILE, (report.model_dump_json(indent=2) + "\n").encode())
            durable.move(partial, folder)
        return report

    def _windows(self, wanted: Filter) -> list[tuple[Any, str]]:
        """Lists the windows of a span with the tables of their partitions, oldest first."""
        found: list[tuple[Any, str]] = []
        for tables in self._partitions.all():
            windows = WindowsOfDays(window_names(tables), self._offset_minutes)
            found += [(tables, name) for name in windows.touching(wanted.from_ms, wanted.to_ms)]
        return sorted(found, key=lambda window: window[1])

    def _fill(
        self, folder: Path, windows: list[tuple[Any, str]], condition: str, request: RowRequest
    ) -> dict[str, int]:
        """Writes both files; returns their rows by file name."""
        observations, machines = _schema(SNAPSHOT_SCHEMA, OBSERVATION_COLUMNS), _schema(OBJECT_SCHEMA, MACHINE_COLUMNS)
        cameras = f"camera_id IN ({quoted(request.camera_ids)})" if request.camera_ids else "true"
        counted = {OBSERVATIONS_FILE: 0, MACHINES_FILE: 0}
        with (
            pq.ParquetWriter(folder / OBSERVATIONS_FILE, observations, compression="zstd") as of_observations,
            pq.ParquetWriter(folder / MACHINES_FILE, machines, compression="zstd") as of_machines,
        ):
            for tables, name in windows:
                with read_errors(name):
                    # Machines of a commit can be read before its snapshots: pinned later, they are whole.
                    snapshots, objects = pinned(tables, SNAPSHOTS + name), pinned(tables, OBJECTS + name)
                    keys = [pa.array([], pa.string())]
                    for batch in _read(snapshots, condition, OBSERVATION_COLUMNS):
                        keys.append(batch.column("row_key"))
                        with _disk(folder):
                            of_observations.write_table(_cast(batch, observations))
                        counted[OBSERVATIONS_FILE] += batch.num_rows
                    known = pa.concat_arrays(keys)
                    for batch in _read(objects, cameras, MACHINE_COLUMNS) if len(known) else ():
                        fitting = batch.filter(pc.is_in(batch.column("row_key"), value_set=known))
                        with _disk(folder):
                            of_machines.write_table(_cast(fitting, machines))
                        counted[MACHINES_FILE] += fitting.num_rows
        return counted


def _read(table: Any, condition: str, columns: tuple[str, ...]) -> Any:
    """Reads those of the columns that the table has: one of an older release lacks some."""
    there = set(table.schema.names)
    return batches(table.search().where(condition).select([name for name in columns if name in there]))


def _schema(schema: pa.Schema, columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(name.removesuffix("_ms"), _MOMENT) if name in _MOMENTS else pa.field(name, schema.field(name).type)
            for name in columns
        ]
    )


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Returns the rows with the columns of an export, moments as moments; a missing column is empty."""
    columns = []
    for field in schema:
        name = f"{field.name}_ms" if field.type == _MOMENT else field.name
        is_there = name in batch.schema.names
        columns.append(batch.column(name).cast(field.type) if is_there else pa.nulls(batch.num_rows, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Raises `ExportFailed` for errors of the disk."""
    try:
        yield
    except OSError as error:
        raise ExportFailed(
            f"{folder}: cannot be written ({error.strerror}); nothing was left there: make room, or name a folder on"
            " another disk, and run the command again"
        ) from error


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes a folder for its owner alone; removes it again after an error."""
    shutil.rmtree(folder, ignore_errors=True)  # of an export that was killed
    folder.mkdir(mode=0o700)
    try:
        yield
    except BaseException:  # raised again, also Ctrl-C: half an export is nobody's
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _sha256(path: Path) -> str:
    path.chmod(0o600)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
