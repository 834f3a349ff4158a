"""What the commands of `wayside-center` share: where they print, and how an error reads."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

if TYPE_CHECKING:
    from center.bootstrap import Records

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The centre's TOML file.")]
ACTOR: Final = "command line"
"""Who an audit entry names for what was done here: somebody who may read the centre's files."""

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn what the user can mend into one line and exit code 2."""
    from center.errors import CenterError  # noqa: PLC0415 - --help stays light
    from provisioning.contracts.errors import ConfigError  # noqa: PLC0415 - the same

    try:
        yield
    except (CenterError, ConfigError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error


@contextmanager
def records(config: Path) -> Iterator["Records"]:
    """The centre's database, for the length of one command; files that are written belong to this user alone."""
    os.umask(0o077)
    with one_line():
        from center.bootstrap import open_records  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        opened = open_records(load(CenterConfig, config))
        try:
            yield opened
        finally:
            opened.store.close()


def say(line: str) -> None:
    """One line of a command's answer, as it is."""
    sys.stdout.write(line + "\n")
