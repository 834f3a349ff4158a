"""What the commands of `wayside-engines` share: two consoles, exit codes, and errors in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from engines.errors import EngineError

BAD = 1
"""Exit code: something that was asked about is not well."""

REFUSED = 2
"""Exit code: what was asked cannot be done."""

out = Console()
err = Console(stderr=True)

ModelsDir = Annotated[
    Path | None,
    typer.Option(help="Where the files lie. Default: $WAYSIDE_MODELS, else wayside/models in the user's cache."),
]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """An EngineError ends the command with its own line."""
    try:
        yield
    except EngineError as error:
        complain(error)
        raise typer.Exit(REFUSED) from error


def complain(error: EngineError) -> None:
    """One line on standard error."""
    err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
