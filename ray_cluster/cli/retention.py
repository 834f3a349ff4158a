"""`wayside-cluster retention`: shows retention time, and confirms the clock by a person."""

from pathlib import Path
from typing import Annotated

import typer

from provisioning.retention.state import Retention
from ray_cluster.cli.options import AsJson, ConfigFile, fail, loaded, show


def retention(
    config: ConfigFile,
    confirm: Annotated[
        str, typer.Option("--confirm", help="Today's date in UTC, YYYY-MM-DD, from elsewhere.", metavar="DATE")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the archive's retention time and the days that are dropped once the clock is confirmed.

    With --confirm the clock counts as right from now on. A running cluster drops these days within the hour.
    An archive of several writers has a retention time in each partition: one is shown after the other, and all are
    confirmed. Exit code 1 while a confirmation is missing.
    """
    settings = loaded(config)
    from provisioning.retention.clock import FILE, WrongDateError, facts_of, read_clocks, read_state  # noqa: PLC0415
    from ray_cluster.archive import retention as archive_retention  # noqa: PLC0415 - LanceDB is slow to import
    from ray_cluster.archive.audit_log import Audit  # noqa: PLC0415
    from ray_cluster.archive.hold_store import HoldStore  # noqa: PLC0415
    from ray_cluster.archive.lance_tables import connect, day_names  # noqa: PLC0415
    from ray_cluster.archive.partitions.division import Partitions  # noqa: PLC0415
    from ray_cluster.archive.windows import day_name  # noqa: PLC0415
    from ray_cluster.errors import ClusterError  # noqa: PLC0415

    now = read_clocks()
    found: list[tuple[Path, Retention, list[str]]] = []
    first_kept = day_name(now.wall_ms - settings.retention_days * 86_400_000, settings.day_offset_minutes)
    try:
        for folder in Partitions(settings.archive_dir).folders():
            state, why = read_state(folder / FILE)
            if state is None:
                fail(f"{why} by the archiver: start the cluster first")
            held = HoldStore(folder).uncopied_days()
            past = [day for day in day_names(connect(folder)) if day < first_kept and day not in held]
            found.append((folder, state, past))
        if confirm:
            days = sorted({day for _, _, past in found for day in past})
            from_ms = min(state.at_ms for _, state, _ in found)
            audit = Audit(settings.archive_dir)
            audit.write("retention", at_ms=now.wall_ms, today=confirm, from_ms=from_ms, days=days)
            found = [
                (folder, archive_retention.confirm(folder, now, confirm, retention_days=settings.retention_days), past)
                for folder, _, past in found
            ]
    except (ClusterError, OSError, WrongDateError) as error:
        fail(str(error))
    stopped = False
    for number, (_, state, past) in enumerate(found):
        facts = facts_of(state.step(now), now.wall_ms)
        named = {"partition": number} if len(found) > 1 else {}
        show({**named, **facts, "days past retention by this clock": past}, as_json=as_json)
        stopped = stopped or facts["stopped"] != "no"
    if stopped:
        raise typer.Exit(1)
