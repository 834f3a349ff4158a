"""`wayside-provision`: what a technician and the demo need. Heavy imports wait for the command that uses them."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from provisioning.contracts.errors import ConfigError
from provisioning.errors import ProvisioningError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
_console = Console()
_errors = Console(stderr=True)
REFUSED = 2


@app.callback()
def wayside_provision() -> None:
    """Set up Wayside: a street on one machine, and throw-away certificates with a broker to try things on."""


@app.command()
def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=1.0, metavar="S", help="Show S seconds after the first row, account for them, end."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --for: write summary.json and contact-sheet.png there.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Data and logs. Default: ~/.local/state/wayside-demo"),
    ] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Models and film. Default: where wayside-engines fetches them.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with what the last demo archived.")] = False,
) -> None:
    """Run a whole street on this machine, on loopback: cameras, agent, broker, cluster, centre.

    Two simulated cameras (H.264 and H.265) play a film; every other process is the real one. Prints what happens with
    the seconds it took and the console's address. Ctrl-C ends every process it started.

    Exit code 0: all promises held (or Ctrl-C ended it). 1: a process died, or the account does not add up. 2: it could
    not be started. 130: a bounded run was ended early.
    """
    from provisioning.demo import report as reports  # noqa: PLC0415 - `--help` stays quick
    from provisioning.demo.children import ChildDiedError  # noqa: PLC0415
    from provisioning.demo.narrator import Narrator  # noqa: PLC0415
    from provisioning.demo.showing import Wish, show  # noqa: PLC0415
    from provisioning.demo.state import default_directory, default_models  # noqa: PLC0415

    if report is not None and seconds is None:
        _refuse("--report needs --for: the account is taken when the showing is over")
    try:
        folder = None if report is None else reports.folder(report)
        wish = Wish(state or default_directory(), models or default_models(), keep, seconds, folder)
        code = show(wish, Narrator(_console))
    except ChildDiedError as error:
        _errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except (ProvisioningError, ConfigError) as error:
        _refuse(str(error))
    raise typer.Exit(code)


@app.command()
def throwaway(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write them.")],
    agent: Annotated[list[str], typer.Option(metavar="ID", help="An agent's id; may be given several times.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the broker is to listen, on loopback.")] = 8883,
) -> None:
    """Write certificates of a throw-away authority, and a Mosquitto configuration that takes no others.

    For trying things on one machine: they end after seven days and cannot be renewed, for the authority's key is kept
    nowhere.
    """
    import getpass  # noqa: PLC0415 - `--help` stays quick

    from provisioning import broker  # noqa: PLC0415
    from provisioning.authority import Authority  # noqa: PLC0415
    from provisioning.contracts.topics import Role  # noqa: PLC0415

    try:
        authority = Authority(out.absolute() / "pki")
        identities = [authority.issue_agent(each) for each in agent]
        identities += [authority.issue_role(role) for role in (Role.CLUSTER, Role.CENTER)]
        listener = broker.Listener("127.0.0.1", port, authority.issue_broker(), getpass.getuser())
        file = broker.write(out.absolute() / "broker", listener)
    except ProvisioningError as error:
        _refuse(str(error))
    for identity in identities:
        _console.print(f"{identity.common_name}: {identity.cert_file}", markup=False, highlight=False, soft_wrap=True)
    _console.print(f"start the broker with: mosquitto -c {file}", markup=False, highlight=False, soft_wrap=True)


def _refuse(text: str) -> NoReturn:
    _errors.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(REFUSED)
