"""`wayside-cluster retention`: shows retention time, and confirms the clock by a person."""

from typing import Annotated

import typer

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
    Exit code 1 while a confirmation is missing.
    """
    settings = loaded(config)
    from provisioning.retention.clock import FILE, WrongDateError, facts_of, read_clocks, read_state  # noqa: PLC0415
    from ray_cluster.archive import retention as archive_retention  # noqa: PLC0415 - LanceDB is slow to import
    from ray_cluster.archive.audit_log import Audit  # noqa: PLC0415
    from ray_cluster.archive.hold_store import HoldStore  # noqa: PLC0415
    from ray_cluster.archive.lance_tables import connect, day_names  # noqa: PLC0415
    from ray_cluster.archive.windows import day_name  # noqa: PLC0415
    from ray_cluster.errors import ClusterError  # noqa: PLC0415

    now, directory = read_clocks(), settings.archive_dir
    try:
        state, why = read_state(directory / FILE)
        if state is None:
            fail(f"{why} by the archiver: start the cluster first")
        first_kept = day_name(now.wall_ms - settings.retention_days * 86_400_000, settings.day_offset_minutes)
        held = HoldStore(directory).uncopied_days()
        past = [day for day in day_names(connect(directory)) if day < first_kept and day not in held]
        if confirm:
            Audit(directory).write("retention", at_ms=now.wall_ms, today=confirm, from_ms=state.at_ms, days=past)
            state = archive_retention.confirm(directory, now, confirm, retention_days=settings.retention_days)
        state = state.step(now)
    except (ClusterError, OSError, WrongDateError) as error:
        fail(str(error))
    facts = facts_of(state, now.wall_ms)
    show({**facts, "days past retention by this clock": past}, as_json=as_json)
    if facts["stopped"] != "no":
        raise typer.Exit(1)
