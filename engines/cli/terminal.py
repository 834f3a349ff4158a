"""Shares two consoles, exit codes and one-line errors among the commands of `wayside-engines`."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from engines.errors import EngineError

BAD = 1
"""Exit code: a checked artifact is missing or damaged."""

REFUSED = 2
"""Exit code: the command cannot be carried out."""

out = Console()
err = Console(stderr=True)

ModelsDir = Annotated[
    Path | None,
    typer.Option(help="Where the files lie. Default: $WAYSIDE_MODELS, else wayside/models in the user's cache."),
]


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"wayside {version('wayside')}")
        raise typer.Exit


def version_option(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Adds `--version` to the program; as in `provisioning`, which engines may not import."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the command with one line for an EngineError."""
    try:
        yield
    except EngineError as error:
        complain(error)
        raise typer.Exit(REFUSED) from error


def complain(error: EngineError) -> None:
    """Print an error as one line on standard error."""
    err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
