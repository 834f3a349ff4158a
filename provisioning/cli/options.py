"""Common options of `wayside-provision`'s commands: home and JSON output, and the end with an exit code."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from provisioning.home.home import Home
    from provisioning.output import CommandResult


class Language(StrEnum):
    """Language of a training."""

    ENGLISH = "en"
    CHINESE = "zh"


HomeDir = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="The folder of provisioning. Default: $WAYSIDE_HOME, or ~/.local/state/wayside-home",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for programs.")]
AgentId = Annotated[str, typer.Argument(metavar="AGENT", help="Id of the agent.", show_default=False)]


def end(as_json: bool, command: "Callable[[], CommandResult]") -> NoReturn:
    """Runs a command, prints its answer, and ends with its exit code."""
    from provisioning.output import give

    raise typer.Exit(give(command, as_json=as_json))


def opened(directory: Path | None, wait_s: float = 0) -> "Home":
    """Opens the home, looked for `wait_s` seconds. Raises as `Home.open`."""
    from provisioning.cli.home_commands import place
    from provisioning.files.awaited import wait_for
    from provisioning.home.home import HOME_FILE, Home

    folder = place(directory)
    wait_for(folder / HOME_FILE, wait_s)
    return Home.open(folder)


def group(text: str) -> typer.Typer:
    """Makes a group of commands about one noun."""
    return typer.Typer(help=text, no_args_is_help=True, rich_markup_mode="rich")
