"""An export of rows has those of its span, for any tool, and nothing about people."""

import hashlib
import json
import stat
from pathlib import Path

import duckdb
import lancedb
import nbformat
import pandas as pd
import pyarrow.parquet as pq
import pytest
from nbclient import NotebookClient
from pydantic import ValidationError

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.errors import ArchiveFull, BadRequest, ExportFailed
from ray_cluster.maintenance.row_export import RowExport, RowReport, RowRequest
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, OFFSET_MINUTES, archiver, entry, look

NOTEBOOK = Path(__file__).parents[3] / "docs" / "assets" / "rows.ipynb"
HOUR_MS = 3_600_000
FROM_MS, TO_MS = NOW_MS - 6 * HOUR_MS, NOW_MS
FORBIDDEN = ("people", "person", "rider", "face", "plate", "region", "redact", "vector", "jpeg", "pack", "signature")


def request(**changes: object) -> RowRequest:
    given: dict[str, object] = {"case": "S-7", "purpose": "counts of a study", "from_ms": FROM_MS, "to_ms": TO_MS}
    return RowRequest.model_validate(given | changes)


def written(directory: Path, wanted: RowRequest, folder: Path) -> RowReport:
    exports = RowExport(directory, offset_minutes=OFFSET_MINUTES)
    return exports.write(wanted, folder, audit=lambda _rows: None)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Six hours in windows of one, every ten minutes a car and a bicycle; on cam-2 only cars; before and after too."""
    writer: Archiver = archiver(tmp_path / "archive", first_hours=1)
    entries = []
    for number in range(48):
        at_ms = FROM_MS - HOUR_MS + number * 600_000
        entries.append(
            entry(
                2 * number, at_ms=at_ms, machines=(CAR, BIKE), appearances=(look(number, colour=MachineColour.RED),) * 2
            )
        )
        entries.append(entry(2 * number + 1, camera="cam-2", at_ms=at_ms))
    writer.commit(entries, now_ms=NOW_MS + 2 * HOUR_MS)
    return tmp_path / "archive"


def test_three_tools_read_the_same_rows(archive: Path, tmp_path: Path) -> None:
    report = written(archive, request(), tmp_path / "rows")
    assert (report.observations, report.machines) == (72, 108)
    observations, machines = tmp_path / "rows" / "observations.parquet", tmp_path / "rows" / "machines.parquet"
    assert pq.read_table(observations).num_rows == 72
    frame = pd.read_parquet(observations)
    assert frame["captured_at"].min() == pd.Timestamp(FROM_MS, unit="ms", tz="UTC")
    assert frame["captured_at"].max() < pd.Timestamp(TO_MS, unit="ms", tz="UTC")
    joined = duckdb.connect().execute(
        f"SELECT o.camera_id, m.cls, count(*) FROM '{observations}' o JOIN '{machines}' m USING (row_key)"
        " GROUP BY ALL ORDER BY ALL"
    )
    assert joined.fetchall() == [("cam-1", "bicycle", 36), ("cam-1", "car", 36), ("cam-2", "car", 36)]
    assert set(pd.read_parquet(machines)["colour"].dropna()) == {"red"}


def test_an_export_of_one_camera_has_its_machines_alone(archive: Path, tmp_path: Path) -> None:
    report = written(archive, request(camera_ids=("cam-2",)), tmp_path / "rows")
    assert (report.observations, report.machines) == (36, 36)
    assert set(pq.read_table(tmp_path / "rows" / "machines.parquet")["camera_id"].to_pylist()) == {"cam-2"}


def test_the_report_names_the_files_by_their_hash_and_only_the_owner_reads_them(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    report = written(archive, request(), folder)
    assert RowReport.model_validate_json((folder / "export.json").read_bytes()) == report
    for name, digest in report.sha256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (report.case, report.purpose) == ("S-7", "counts of a study")


def test_no_column_is_about_people_or_holds_a_picture(archive: Path, tmp_path: Path) -> None:
    written(archive, request(), tmp_path / "rows")
    names = {name for file in (tmp_path / "rows").glob("*.parquet") for name in pq.read_schema(file).names}
    assert names
    assert not [name for name in names for stem in FORBIDDEN if stem in name]


def test_a_withheld_picture_is_a_row_like_any_other(tmp_path: Path) -> None:
    archiver(tmp_path / "archive").commit([entry(1, picture=PictureState.WITHHELD)], now_ms=NOW_MS)
    written(tmp_path / "archive", request(), tmp_path / "rows")
    assert pq.read_table(tmp_path / "rows" / "observations.parquet")["picture"].to_pylist() == ["withheld"]


def test_an_empty_span_gives_files_without_rows(archive: Path, tmp_path: Path) -> None:
    report = written(archive, request(from_ms=1, to_ms=2), tmp_path / "rows")
    assert (report.observations, report.machines) == (0, 0)
    assert pq.read_table(tmp_path / "rows" / "machines.parquet").num_rows == 0


def test_a_table_of_an_older_release_has_empty_columns(archive: Path, tmp_path: Path) -> None:
    tables = lancedb.connect(archive / "tables")
    for name in tables.list_tables().tables:
        if name.startswith(OBJECTS):
            tables.open_table(name).drop_columns(["colour", "zones"])
    assert written(archive, request(), tmp_path / "rows").machines == 108
    assert pq.read_table(tmp_path / "rows" / "machines.parquet")["colour"].null_count == 108


def test_more_rows_than_asked_for_are_refused_before_anything_is_written(archive: Path, tmp_path: Path) -> None:
    noted: list[int] = []
    exports = RowExport(archive, offset_minutes=OFFSET_MINUTES)
    with pytest.raises(BadRequest, match="72 observations are in this span and 71 may"):
        exports.write(request(most_rows=71), tmp_path / "rows", audit=noted.append)
    assert not noted
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_a_folder_that_exists_is_left_alone(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    with pytest.raises(BadRequest, match="is there already"):
        written(archive, request(), tmp_path / "rows")
    assert not list((tmp_path / "rows").iterdir())


def test_without_an_audit_line_no_row_is_written(archive: Path, tmp_path: Path) -> None:
    def refuse(_rows: int) -> None:
        raise ArchiveFull("audit: no space left")

    with pytest.raises(ArchiveFull):
        RowExport(archive, offset_minutes=OFFSET_MINUTES).write(request(), tmp_path / "rows", audit=refuse)
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_a_full_disk_leaves_nothing_behind(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(ExportFailed, match="No space left"):
        written(archive, request(), tmp_path / "rows")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


@pytest.mark.parametrize(
    "changes", [{"purpose": ""}, {"case": "with space"}, {"from_ms": TO_MS}, {"camera_ids": ("a' OR true",)}]
)
def test_a_request_without_a_reason_or_a_span_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        request(**changes)


def test_the_notebook_of_the_manual_runs(archive: Path, tmp_path: Path) -> None:
    written(archive, request(), tmp_path / "rows")
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call] # it has no types
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), (
        "outputs are not committed: they are somebody's rows"
    )
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert "cam-2" in printed
    assert "bicycle" in printed
