"""Prints the output and the errors of the commands of `wayside-center`, and opens the records for them."""

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
"""The actor of audit entries for what commands did; their user had access to the centre's files."""

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def one_line() -> Iterator[None]:
    """Prints an error that the user can mend as one line and exits with code 2."""
    from center.errors import CenterError  # noqa: PLC0415 - --help stays light
    from provisioning.contracts.errors import ConfigError  # noqa: PLC0415 - the same

    try:
        yield
    except (CenterError, ConfigError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error


@contextmanager
def records(config: Path) -> Iterator["Records"]:
    """Opens the centre's database for the length of one command; files that are written belong to this user alone."""
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
    """Prints one line of a command's output as it is."""
    sys.stdout.write(line + "\n")
