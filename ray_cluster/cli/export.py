"""`wayside-cluster export`: writes rows of a span to Parquet files, without pictures."""

import getpass
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from ray_cluster.cli.options import MOMENT_FORMATS, AsJson, ConfigFile, fail, loaded, moment_ms, show


def export(
    config: ConfigFile,
    since: Annotated[
        datetime, typer.Option("--from", help="Start, with its offset: 2026-11-24T00:00+08:00.", formats=MOMENT_FORMATS)
    ],
    to: Annotated[datetime, typer.Option("--to", help="End, which is not in it.", formats=MOMENT_FORMATS)],
    case: Annotated[str, typer.Option(help="Reference of the case or study.", metavar="CASE")],
    purpose: Annotated[str, typer.Option(help="What the rows are for; it stands in the audit.", metavar="TEXT")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that does not exist yet.", metavar="FOLDER")],
    camera: Annotated[list[str] | None, typer.Option(help="Camera id; may be given again.", metavar="CAMERA")] = None,
    most_rows: Annotated[int | None, typer.Option(help="Observations at most; 5 million by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write observations and machines of a span to Parquet: no pictures, no vectors, no number of people."""
    settings = loaded(config)
    from ray_cluster.archive.audit_log import Audit  # noqa: PLC0415 - LanceDB is slow to import
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.maintenance.row_export import MOST_ROWS, RowExport, RowRequest  # noqa: PLC0415

    try:
        request = RowRequest(
            case=case,
            purpose=purpose,
            from_ms=moment_ms(since),
            to_ms=moment_ms(to),
            camera_ids=tuple(camera or ()),
            most_rows=MOST_ROWS if most_rows is None else most_rows,
        )
    except ValidationError as error:
        fail("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".lstrip(": ") for fault in error.errors()))

    def audit(rows: int) -> None:
        facts = request.model_dump(mode="json", exclude={"most_rows"})
        now_ms = time.time_ns() // 1_000_000
        Audit(settings.archive_dir).write("export", at_ms=now_ms, user=getpass.getuser(), rows=rows, **facts)

    exports = RowExport(settings.archive_dir, offset_minutes=settings.day_offset_minutes)
    try:
        report = exports.write(request, out, audit=audit)
    except ClusterError as error:
        fail(str(error))
    show({"folder": str(out), "observations": report.observations, "machines": report.machines}, as_json=as_json)
