"""`wayside-cluster backup | restore`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ray_cluster.cli.options import AsJson, ConfigFile, fail, loaded, show


def backup(
    target: Annotated[Path, typer.Argument(help="Folder of the backup, best on another disk.", metavar="FOLDER")],
    config: ConfigFile,
    as_json: AsJson = False,
) -> None:
    """Bring a backup of the archive up to date. The cluster may be running; only what is new is copied.

    Retention applies to the backup as well: days that it dropped, pictures that were erased and holds that ended go
    there too. A day that the archive lost otherwise stays, and is counted as kept.
    """
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.maintenance.backup import back_up  # noqa: PLC0415 - LanceDB is slow to import

    try:
        done = back_up(
            settings.archive_dir,
            target,
            offset_minutes=settings.day_offset_minutes,
            now_ms=time.time_ns() // 1_000_000,
        )
    except ClusterError as error:
        fail(str(error))
    show(done.as_json(), as_json=as_json)


def restore(
    source: Annotated[Path, typer.Argument(help="Folder of the backup.", metavar="FOLDER")],
    config: ConfigFile,
    erasures: Annotated[
        Path | None, typer.Option(help="Folder with the erasures.jsonl of the lost archive.", metavar="FOLDER")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the archive anew from a backup, in an `archive_dir` that is empty or absent.

    With `[pack_store]` the pictures go into the store, under a prefix that is empty.
    """
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.maintenance.backup import restore as make_anew  # noqa: PLC0415

    try:
        done = make_anew(
            source,
            settings.archive_dir,
            offset_minutes=settings.day_offset_minutes,
            erasures=erasures,
            pack_store=settings.pack_store,
        )
    except ClusterError as error:
        fail(str(error))
    show(done.as_json(), as_json=as_json)
