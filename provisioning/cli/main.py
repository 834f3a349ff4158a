"""Entry point `wayside-provision`, for technicians and the demo. Each command imports heavy modules when it runs."""

# ruff: noqa: PLC0415 - see above

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from provisioning.cli import acceptance, center, cluster, field, recorders, rollout, sites
from provisioning.cli import backup as keep
from provisioning.cli.options import AgentId, AsJson, HomeDir, Language, end, opened
from provisioning.contracts.errors import ConfigError
from provisioning.errors import ProvisioningError
from provisioning.files.awaited import WaitS
from provisioning.program_version import Version

if TYPE_CHECKING:
    from provisioning.output import CommandResult

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
_console = Console()
_errors = Console(stderr=True)
REFUSED = 2


@app.callback()
def wayside_provision(_version: Version = False) -> None:
    """Set up Wayside: register agents, configure their cameras, and keep the keys."""


@app.command(epilog="Example: wayside-provision init --host 10.20.0.5 --name county")
def init(
    host: Annotated[str, typer.Option(help="Name or address by which agents reach this machine.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="What it is for: a county, a company.")] = None,
    listen: Annotated[str | None, typer.Option(metavar="ADDR", help="Where agents are listened for.")] = None,
    services_listen: Annotated[str | None, typer.Option(metavar="ADDR", help="Where the services are.")] = None,
    services_host: Annotated[
        str | None, typer.Option(metavar="NAME", help="Further name by which services reach the broker.")
    ] = None,
    agents_port: Annotated[int | None, typer.Option(help="Of the broker, for agents.")] = None,
    services_port: Annotated[int | None, typer.Option(help="Of the broker, for cluster and centre.")] = None,
    enrolment_port: Annotated[int | None, typer.Option(help="Of the enrolment service.")] = None,
    account: Annotated[str | None, typer.Option(help="Who runs the broker. Default: you.")] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the home: both authorities, the services' certificates, the seal, and an empty register.

    Defaults: the name wayside, 0.0.0.0 for agents, 127.0.0.1 for services, ports 8883, 8884 and 8843.
    """
    from provisioning.cli import home_commands

    asked = {
        "host": host,
        "name": name,
        "listen": listen,
        "services_listen": services_listen,
        "services_host": services_host,
        "agents_port": agents_port,
        "services_port": services_port,
        "enrolment_port": enrolment_port,
        "account": account,
    }
    end(as_json, lambda: home_commands.init(home_commands.place(home), asked))


@app.command(epilog="Example: wayside-provision bundle cabinet-7 -o cabinet-7.bundle")
def bundle(
    agent_id: AgentId,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write it there, mode 0600.", show_default=False)
    ] = None,
    qr: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="As a QR code: FILE.png, FILE.svg, or - to see it here.", show_default=False),
    ] = None,
    hours: Annotated[float, typer.Option(help="How long the code in it is good, 0.1 to 720.")] = 72.0,
    again: Annotated[bool, typer.Option("--again", help="Even where -o FILE holds one that still counts.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the bundle that a box enrols with. It holds a one-time code: the first box to use it is the agent.

    Each run makes another and ends the one before, so without -o and --qr it is shown this once. With -o FILE that
    holds one which still counts, nothing is made.
    """
    from provisioning.enrolment import bundles

    wish = bundles.BundleOptions(out, qr, hours, again)
    end(as_json, lambda: bundles.make(opened(home), agent_id, wish, as_json=as_json))


@app.command(epilog="Example: wayside-provision revoke cabinet-7 --reason stolen --yes")
def revoke(
    agent_id: AgentId,
    reason: Annotated[str, typer.Option(help="Why, for those who ask later.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Cut an agent off: its certificates and its code become invalid, and the centre accepts nothing from it."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.revoke(opened(home), agent_id, reason, _confirmed if yes else _ask))


@app.command(epilog="Example: wayside-provision serve")
def serve(wait_s: WaitS = 0, home: HomeDir = None, as_json: AsJson = False) -> None:
    """Run enrolment and the publisher of documents until SIGTERM or Ctrl-C. Says `ready` once it listens.

    With --json every line on stdout is an object; logs go to stderr.
    """
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.serve(opened(home, wait_s), as_json=as_json))


@app.command(epilog="Example: wayside-provision status --json")
def status(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Show sites, agents and the outcome of their configuration, ends of certificates, and warnings."""
    from provisioning.checks import status as standing

    end(as_json, lambda: standing.show(opened(home)))


@app.command(epilog="Example: wayside-provision doctor --config center.toml")
def doctor(
    config: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Of a cluster or a centre here: its secrets are looked at too.", show_default=False
        ),
    ] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Find faults at the centre, by name, with the remedy. On a box: wayside-edge doctor.

    Exit code 0: nothing is wrong. 1: something is.
    """
    from provisioning.checks import doctor as consulted
    from provisioning.cli import home_commands

    end(as_json, lambda: consulted.show(home_commands.place(home), config or []))


@app.command(epilog="Example: wayside-provision secrets --config edge.toml --config cluster.toml --config center.toml")
def secrets(
    config: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Of an agent, a cluster or a centre, or a folder of `cluster render`; several times.",
            show_default=False,
        ),
    ] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """List every secret: its purpose, file, mode and owner, and how it is rotated. Opens none of them.

    Exit code 1: a file's mode gives others more rights than intended. On a machine without a home, give --config alone.
    """
    from provisioning.checks import secret_files
    from provisioning.cli import home_commands

    def show() -> "CommandResult":
        directory = home_commands.place(home)
        missing = home is None and not directory.exists() and bool(config)
        return secret_files.show(None if missing else directory, config or [])

    end(as_json, show)


@app.command(epilog="Example: wayside-provision demo --for 90 --report out")
def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=1.0, metavar="S", help="Show S seconds after the first row, account for them, end."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --for: write summary.json and contact-sheet.png there. With --training: the sheet (or here).",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Data and logs. Default: ~/.local/state/wayside-demo"),
    ] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Models and film. Default: where wayside-engines fetches them.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with what the last demo archived.")] = False,
    gb28181: Annotated[
        bool, typer.Option("--gb28181", help="A third camera: its simulated device registers by GB/T 28181.")
    ] = False,
    training: Annotated[
        bool, typer.Option("--training", help="Plant twenty faults, one after another, for you to find and mend.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="FAULT", help="With --training: this fault; several times.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="With --training: list the faults, and end.")] = False,
    language: Annotated[
        Language | None, typer.Option(help="Of the training. Default: that of the terminal's locale.")
    ] = None,
    trainee: Annotated[
        str, typer.Option(metavar="NAME", help="On the sheet of the training; asked for if empty.")
    ] = "",
) -> None:
    """Run a whole street on this machine, on loopback: cameras, agent, broker, cluster, centre.

    Simulated cameras (H.264 and H.265) play films of fixed street cameras; every other process is the real one. The
    district is invented: accounts, alarm rules, a case and a week of history are entered by the ordinary commands and
    the API, one camera's clock is wrong and one falls silent now and then. With --for there are two cameras alone, and
    their counts must add up. Prints what happens, after how many seconds, and the console's address. Ctrl-C ends every
    process that it started. With --training faults are planted, and you find and mend them (docs/training.md).

    Exit code 0: all promises held (or Ctrl-C ended it). 1: a process died, or the account does not add up. 2: it could
    not be started. 130: a bounded run was ended early.
    """
    if training or listed or only:
        from provisioning.cli.training import end_training

        end_training(state, models, report or Path(), language, trainee, only or [], listed=listed)
    from provisioning.demo import report as reports
    from provisioning.demo.children import ChildDiedError
    from provisioning.demo.narrator import Narrator
    from provisioning.demo.showing import DemoOptions, show
    from provisioning.demo.state import default_directory, default_models

    if report is not None and seconds is None:
        _refuse("--report needs --for: the account is taken when the showing is over")
    try:
        folder = None if report is None else reports.folder(report)
        wish = DemoOptions(state or default_directory(), models or default_models(), keep, seconds, folder, gb28181)
        code = show(wish, Narrator(_console))
    except ChildDiedError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except (ProvisioningError, ConfigError) as error:
        _refuse(str(error))
    raise typer.Exit(code)


app.command(epilog="Example: wayside-provision backup /srv/wayside-backup/home")(keep.backup)
app.command(epilog="Example: wayside-provision restore home-20261126T030000Z.wayside-backup")(keep.restore)
app.command(epilog="Example: wayside-provision discover --interface 192.168.1.2 -o cameras.csv")(field.discover)
app.command(epilog="Example: wayside-provision inventory --server parse -o parse.json")(acceptance.inventory)

for noun, commands_of in (
    ("accept", acceptance.accept),
    ("site", sites.site),
    ("agent", sites.agent),
    ("cameras", sites.cameras),
    ("recorders", recorders.recorders),
    ("service", center.service),
    ("authority", center.authority),
    ("broker", center.broker),
    ("cluster", cluster.cluster),
    ("rollout", rollout.rollout),
):
    app.add_typer(commands_of, name=noun)


def _confirmed(_question: str) -> None:
    """Confirms without a question, after `--yes`."""


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise ProvisioningError("there is nobody to ask here: give --yes if it is meant")
    typer.confirm(question, abort=True, err=True)


def _refuse(text: str) -> NoReturn:
    _errors.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(REFUSED)
