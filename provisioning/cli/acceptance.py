"""Commands `wayside-provision accept site | system | check`, and `inventory`."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from provisioning.cli.options import AgentId, AsJson, HomeDir, end, opened


class _SiteUnlessNamed(TyperGroup):
    """Group whose words are those of `site` where they begin with none of its commands: `accept AGENT --survey …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = not args or args[0] in {*self.commands, *ctx.help_option_names}
        return super().parse_args(ctx, args if named else ["site", *args])


accept = typer.Typer(
    help="Accept a site, or the whole system, with a paper to sign.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    cls=_SiteUnlessNamed,
)


@accept.command("site", epilog="Example: wayside-provision accept site cabinet-7 --survey survey.json -o cabinet-7.pdf")
def accept_site(
    agent_id: AgentId,
    survey: Annotated[
        Path, typer.Option(metavar="FILE", help="Of wayside-edge survey on the box; - reads stdin.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.pdf", help="A report to sign.", show_default=False)
    ] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Accept a site: of each camera reachable, picture, clock, code, coordinates, redaction, first archived snapshot.

    Exit code 0: all pass. 1: a camera fails, or a technician has to look at something.
    """
    from provisioning.acceptance import acceptance

    end(as_json, lambda: acceptance.accept(opened(home), agent_id, survey, out))


@accept.command(
    "system", epilog="Example: wayside-provision accept system county.toml -o records --centre https://c --token-file t"
)
def accept_system(
    contract: Annotated[
        Path, typer.Argument(metavar="CONTRACT.toml", help="Rows of the contract.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Records; the last one there is compared.")
    ] = Path("acceptance"),
    centre: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Address of the console; without it, not asked.", show_default=False),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A token of the centre; mode 0600.", show_default=False)
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Authority of the centre's certificate.", show_default=False)
    ] = None,
    here: Annotated[
        str | None,
        typer.Option(metavar="SERVER", help="This machine is it: take its inventory now.", show_default=False),
    ] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Accept the system: each row of a contract is met, not met, not measured, or declined; signed, as data and PDF.

    Exit code 0: every row is met or declined. 1: some are not, or cannot be used. 2: there is no contract, or its
    file as a whole cannot be read.
    """
    from provisioning.acceptance.system import system

    wish = system.SystemOptions(contract, out, centre, token_file, ca_file, here)
    end(as_json, lambda: system.accept(opened(home), wish))


@accept.command("check", epilog="Example: wayside-provision accept check acceptance/county-20261129T100000Z.json")
def accept_check(
    file: Annotated[Path, typer.Argument(metavar="RECORD.json", help="Of accept system.", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Check that a record of `accept system` is what this home signed. Exit code 2: it is not."""
    from provisioning.acceptance.system import system

    end(as_json, lambda: system.check(opened(home), file))


@accept.command("contract", epilog="Example: wayside-provision accept contract -o county.toml")
def accept_contract(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Write it there.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Write the contract of the reference county, to be made one's own. A file that is there stays as it is."""
    from provisioning.acceptance.system import reference

    end(as_json, lambda: reference.write(out))


def inventory(
    server: Annotated[str, typer.Option(metavar="NAME", help="Name that the contract has for it.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.json", help="Write it there.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take the inventory of this machine: CPU, memory, disks, arrays, network, GPUs. Needs no home, changes nothing.

    Exit code 1: a part could not be read.
    """
    from provisioning.servers.inventory import show

    end(as_json, lambda: show(server, out))
