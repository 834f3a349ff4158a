"""`wayside-cluster erase`: erases one picture at once."""

import time
from typing import Annotated

import typer

from ray_cluster.cli.options import AsJson, ConfigFile, fail, loaded, show


def erase(
    row_key: Annotated[str, typer.Argument(help="Of the observation.", metavar="ROW_KEY")],
    config: ConfigFile,
    reason: Annotated[str, typer.Option("--reason", help="For the audit line.", metavar="TEXT")],
    as_json: AsJson = False,
) -> None:
    """Erase one picture at once: its bytes, its machines' vectors, its copies in legal holds. The row stays.

    The cluster may be running. Doing it again is no error. Backups follow with their next run (docs/archive.md).
    """
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.maintenance import erasure  # noqa: PLC0415 - LanceDB is slow to import

    try:
        done = erasure.erase(
            settings.archive_dir,
            row_key,
            offset_minutes=settings.day_offset_minutes,
            now_ms=time.time_ns() // 1_000_000,
            reason=reason,
        )
    except ClusterError as error:
        fail(str(error))
    show(done.as_json(), as_json=as_json)
