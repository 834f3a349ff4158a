"""Commands `wayside-provision backup | restore`."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, HomeDir, end, opened


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to, best on another disk.")],
    keep: Annotated[int, typer.Option(min=1, help="How many stay; older ones go.")] = 7,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole home into one file: authorities, seal, identities, register. Services may be running."""
    from provisioning.home import backup as home_backup

    end(as_json, lambda: home_backup.back_up(opened(home), folder, keep=keep))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of the backup.")],
    if_absent: Annotated[bool, typer.Option("--if-absent", help="Leave a home that is there as it is.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Restore the home from a backup, in a folder that is empty or absent. An incomplete one is refused."""
    from provisioning.cli import home_commands
    from provisioning.home import backup as home_backup

    end(as_json, lambda: home_backup.restore(file, home_commands.place(home), if_absent=if_absent))
