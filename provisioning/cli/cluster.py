"""`wayside-provision cluster`: the files of the centre's servers."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, HomeDir, end, group, opened

cluster = group("The servers that run Ray: configuration, units and shared secrets.")


_EXAMPLE = "-o out 10.2.0.5=business 10.2.0.6=parse:1 10.2.0.7=archive 10.2.0.8=storage+archive"


@cluster.command("render", epilog=f"Example: wayside-provision cluster render {_EXAMPLE}")
def render(
    servers: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS=ROLE...", help="The head first; roles joined by +, or all.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Write there.", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a folder for each server: cluster.toml, a systemd unit, and the secrets that it needs."""
    from provisioning.cluster import Server
    from provisioning.cluster import render as rendered

    end(as_json, lambda: rendered(opened(home), [Server.parse(each) for each in servers], out))
