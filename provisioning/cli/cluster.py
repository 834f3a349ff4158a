"""Commands `wayside-provision cluster`, for the files of the centre's servers."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, HomeDir, end, group, opened

cluster = group("The centre's servers: everything that each needs, from one plan; and whether it has it.")


@cluster.command("render", epilog="Example: wayside-provision cluster render county.toml -o servers")
def render(
    servers: Annotated[
        list[str],
        typer.Argument(
            metavar="PLAN.toml|ADDRESS=ROLE...",
            help="A plan (docs/servers.md); or, for Ray alone, the servers: the head first, roles joined by +, or all.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Write there.", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a folder for each server: of a plan as it lies under /, else cluster.toml, a unit, and the secrets."""
    if len(servers) == 1 and servers[0].endswith(".toml"):
        from provisioning.servers.plan import read
        from provisioning.servers.render import render as whole

        end(as_json, lambda: whole(opened(home), read(Path(servers[0])), out))

    from provisioning.servers.cluster_files import Server
    from provisioning.servers.cluster_files import render as rendered

    end(as_json, lambda: rendered(opened(home), [Server.parse(each) for each in servers], out))


@cluster.command("containers", epilog="Example: wayside-provision cluster containers --host county.example")
def containers(
    host: Annotated[
        str, typer.Option(metavar="NAME", help="By which agents, and the other containers, reach the broker's.")
    ],
    cluster_host: Annotated[
        str, typer.Option("--cluster", metavar="NAME", help="Of the cluster's container.")
    ] = "cluster",
    root: Annotated[Path, typer.Option(metavar="DIR", help="Where the containers' volumes are.")] = Path("/"),
    demo: Annotated[bool, typer.Option("--demo", help="An agent, too, with two cameras that play films.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Write what the containers of one machine start from: the home, and below --root what centre and cluster read.

    Run again, it changes no secret.
    """
    from provisioning.cli.containers import prepare
    from provisioning.cli.home_commands import place

    end(as_json, lambda: prepare(place(home), host, cluster_host, root.absolute(), demo=demo))


@cluster.command("check", epilog="Example: wayside-provision cluster check --root /")
def check(
    root: Annotated[
        Path, typer.Option(metavar="DIR", help="A folder that is to be a machine: its files alone are looked at.")
    ] = Path("/"),
    as_json: AsJson = False,
) -> None:
    """Compare this machine with its part of the plan; each difference says what to do. Needs no home.

    Exit code 0: as planned. 1: something differs. 2: it could not look.
    """
    from provisioning.servers.check import show

    end(as_json, lambda: show(root.absolute()))


@cluster.command(
    "kubernetes", epilog="Example: wayside-provision cluster kubernetes -o secrets --console wayside.example"
)
def kubernetes(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Write there.", show_default=False)],
    console: Annotated[str, typer.Option(metavar="NAME", help="Name by which browsers reach the console.")],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Write a folder for each Secret that the Helm chart mounts: the home's backup, certificates, keys, tokens."""
    from provisioning.servers.kubernetes import render as rendered

    end(as_json, lambda: rendered(opened(home), out, console))
