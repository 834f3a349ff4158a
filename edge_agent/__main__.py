"""`wayside-edge`: run an agent, check a site, read its ledger."""

# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that --help loads neither PyAV nor OpenCV

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Near the cameras: pull, select, redact, spool, publish. Nothing raw leaves this process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and a password may be one
)

Config = Annotated[Path, typer.Option("--config", help="The agent's configuration, one TOML file.", show_default=False)]


@app.command()
def run(config: Config, verbose: Annotated[bool, typer.Option("--verbose", help="Log every step.")] = False) -> None:
    """Run the agent until SIGTERM or Ctrl-C. Prints `ready` once it works; its log goes to stderr."""
    from edge_agent import commands

    raise typer.Exit(commands.run(config, verbose=verbose))


@app.command()
def check(config: Config) -> None:
    """Look at spool, models, broker and every camera; one line each. Exit code 2 if anything is wrong."""
    from edge_agent import commands

    raise typer.Exit(commands.check(config))


@app.command()
def ledger(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """What became of every selected picture. Works while the agent runs."""
    from edge_agent import commands

    raise typer.Exit(commands.ledger(config, as_json=as_json))


@app.command()
def resume(camera: Annotated[str, typer.Argument(help="Id of the camera.")], config: Config) -> None:
    """Let a camera that was paused after a redaction leak publish again. Works while the agent runs."""
    from edge_agent import commands

    raise typer.Exit(commands.resume(config, camera))


@app.command()
def quarantine(config: Config) -> None:
    """List the messages that the centre refused, with its reasons. Works while the agent runs."""
    from edge_agent import commands

    raise typer.Exit(commands.quarantine(config))


if __name__ == "__main__":
    sys.exit(app())
