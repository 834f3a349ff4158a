"""Tells the version of the installed distribution, and gives a program `--version`."""

import functools
import importlib.metadata
from typing import Annotated

import typer


@functools.cache
def installed_version() -> str:
    """Reads the installed version once a process; `from source` where a checkout runs without an install."""
    try:
        return importlib.metadata.version("wayside")
    except importlib.metadata.PackageNotFoundError:
        return "from source"


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"wayside {installed_version()}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
]


def version_option(_version: Version = False) -> None:
    """Adds `--version` to a program: `app.callback()(version_option)`."""
