"""`wayside-center backup | restore`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from center.cli.output import ACTOR, ConfigFile, one_line, say


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to, best on another disk.")],
    config: ConfigFile,
    keep: Annotated[int, typer.Option(min=1, help="How many stay; older ones go.")] = 7,
) -> None:
    """Write all records into one file: accounts, cases, alarms, audit. The centre may be running."""
    os.umask(0o077)
    with one_line():
        from center.audit.log import Audit  # noqa: PLC0415 - --help stays light
        from center.clock import now_ms  # noqa: PLC0415 - the same
        from center.database.backup import back_up  # noqa: PLC0415 - the same
        from center.database.location import database_of  # noqa: PLC0415 - the same
        from center.database.store import Store  # noqa: PLC0415 - the same
        from center.self_check.upkeep import BACKED_UP  # noqa: PLC0415 - the same
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        settings = load(CenterConfig, config)
        file = back_up(settings, folder, keep=keep)
        say(f"{file}")
        store = Store(database_of(settings))  # not migrated: it may be the older one of a centre that runs
        try:
            Audit(store, now_ms).append(ACTOR, BACKED_UP, {"file": file.name})
        finally:
            store.close()


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of the backup.")],
    config: ConfigFile,
) -> None:
    """Restore the records from a backup, where there are none yet, then check the audit's chain to its end.

    A backup that is not whole is refused, and nothing is changed. Exit code 1: the restored chain is broken.
    """
    os.umask(0o077)
    with one_line():
        from center.bootstrap import open_records  # noqa: PLC0415 - the same
        from center.database.backup import restore as make_anew  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        settings = load(CenterConfig, config)
        say(f"the records as they were at {make_anew(settings, file)}")
        opened = open_records(settings)
        try:
            finding = opened.audit.verify()
        finally:
            opened.store.close()
    say(finding.text)
    if finding.broken is not None:
        raise typer.Exit(1)
