"""`wayside-cluster verify`: compares every picture with the hash of its row."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ray_cluster.cli.options import AsJson, ConfigFile, fail, loaded, show


def verify(
    config: ConfigFile,
    archive: Annotated[
        Path | None, typer.Option(help="Instead of archive_dir: the folder of a backup.", metavar="FOLDER")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read every row's picture and compare its hash. Exit code 1 if one is damaged. The cluster may be running."""
    settings = loaded(config)
    from ray_cluster.errors import ClusterError, PictureDamaged, PictureErased  # noqa: PLC0415
    from ray_cluster.query.reader import Query  # noqa: PLC0415 - LanceDB is slow to import

    query = Query(archive or settings.archive_dir, offset_minutes=settings.day_offset_minutes)
    counts = {"rows": 0, "pictures": 0, "erased": 0, "damaged": 0}
    try:
        for partition in query.partitions:
            after = 0
            while items := (page := partition.commits(after=after, limit=500)).items:
                after = page.last_commit_seq
                for item in items:
                    counts["rows"] += 1
                    if item.snapshot.place is None:
                        continue
                    try:
                        partition.picture_of(item.snapshot)
                    except PictureErased:
                        counts["erased"] += 1
                    except PictureDamaged as error:
                        counts["damaged"] += 1
                        Console(stderr=True).print(f"{item.snapshot.row_key}: {error}", markup=False)
                    else:
                        counts["pictures"] += 1
    except ClusterError as error:
        fail(str(error))
    show(counts, as_json=as_json)
    if counts["damaged"]:
        raise typer.Exit(1)
