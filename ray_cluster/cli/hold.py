"""`wayside-cluster hold | holds | release`: keeps rows of a case beyond retention, until a named time."""

import json
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.cli.options import MOMENT_FORMATS, AsJson, ConfigFile, fail, loaded, moment_ms, show

if TYPE_CHECKING:
    from ray_cluster.maintenance.holds import Holds

Name = Annotated[str, typer.Argument(help="Of the hold: small letters, digits, hyphens.", metavar="NAME")]


def hold(
    name: Name,
    config: ConfigFile,
    case: Annotated[str, typer.Option(help="Reference of the case.", metavar="CASE")],
    until: Annotated[
        datetime, typer.Option(help="End of the hold, with its offset: 2027-03-01T00:00+08:00.", formats=MOMENT_FORMATS)
    ],
    row: Annotated[list[str] | None, typer.Option(help="Row key; may be given again.", metavar="ROW_KEY")] = None,
    camera: Annotated[list[str] | None, typer.Option(help="Camera id; may be given again.", metavar="CAMERA")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Start of the span.", formats=MOMENT_FORMATS)] = None,
    to: Annotated[datetime | None, typer.Option("--to", help="End of the span.", formats=MOMENT_FORMATS)] = None,
    as_json: AsJson = False,
) -> None:
    """Hold rows, or everything of some cameras in a span, with their pictures. The same hold again changes nothing."""
    settings = loaded(config)
    from ray_cluster.archive.audit_log import Audit  # noqa: PLC0415 - LanceDB is slow to import
    from ray_cluster.archive.hold_store import Hold  # noqa: PLC0415
    from ray_cluster.errors import ClusterError  # noqa: PLC0415

    now_ms = time.time_ns() // 1_000_000
    try:
        wanted = Hold(
            name=name,
            case=case,
            placed_at_ms=now_ms,
            until_ms=moment_ms(until),
            row_keys=tuple(row or ()),
            camera_ids=tuple(camera or ()),
            from_ms=moment_ms(since),
            to_ms=moment_ms(to),
        )
    except ValidationError as error:
        fail("; ".join(str(fault["msg"]) for fault in error.errors()))
    try:
        Audit(settings.archive_dir).write("hold", at_ms=now_ms, **wanted.model_dump(mode="json", exclude={"days"}))
        area = _holds(settings)
        placed, copied = area.place(wanted), area.copied(name)
    except ClusterError as error:
        fail(str(error))
    show({"hold": name, "case": placed.case, "days": list(placed.days), "rows_copied": copied}, as_json=as_json)


def holds(config: ConfigFile) -> None:
    """List all holds, one JSON object a line."""
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415

    area = _holds(settings)
    try:
        for each in area.all():
            sys.stdout.write(json.dumps(each.model_dump(mode="json") | {"rows_copied": area.copied(each.name)}) + "\n")
    except ClusterError as error:
        fail(str(error))


def release(name: Name, config: ConfigFile, as_json: AsJson = False) -> None:
    """End a hold and delete its copies."""
    settings = loaded(config)
    from ray_cluster.archive.audit_log import Audit  # noqa: PLC0415
    from ray_cluster.errors import ClusterError, UnknownHold  # noqa: PLC0415

    released = True
    try:
        Audit(settings.archive_dir).write("release", at_ms=time.time_ns() // 1_000_000, hold=name)
        _holds(settings).release(name)
    except UnknownHold:
        released = False
    except ClusterError as error:
        fail(str(error))
    show({"hold": name, "released": released}, as_json=as_json)


def _holds(settings: ClusterConfig) -> "Holds":
    from ray_cluster.maintenance.holds import Holds  # noqa: PLC0415

    return Holds(settings.archive_dir, offset_minutes=settings.day_offset_minutes)
