"""`wayside-center`: run the centre, print its API, manage accounts and the audit.

Heavy imports wait until a command runs.
"""

import os
import sys
from typing import Annotated

import typer

from center.cli.assessment import assess, assessment
from center.cli.audit import audit
from center.cli.backup import backup, restore
from center.cli.check import print_check
from center.cli.evidence import evidence
from center.cli.map import site_map
from center.cli.notify import notify
from center.cli.output import ConfigFile, err, one_line, out
from center.cli.retention import retention
from center.cli.setup_code import setup_code
from center.cli.tasks import task_key
from center.cli.users import district, user
from provisioning.files.awaited import WaitS, wait_for
from provisioning.program_version import version_option

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Console and API over what the street's cameras saw."
)
app.callback()(version_option)
app.add_typer(user, name="user")
app.add_typer(district, name="district")
app.command("assess")(assess)
app.add_typer(assessment, name="assessment")
app.command("setup-code")(setup_code)
app.command("task-key")(task_key)
app.command("retention")(retention)
app.command("backup")(backup)
app.command("restore")(restore)
app.add_typer(audit, name="audit")
app.add_typer(evidence, name="evidence")
app.add_typer(notify, name="notify")
app.add_typer(site_map, name="map")


@app.command()
def run(config: ConfigFile, wait_s: WaitS = 0) -> None:
    """Serve console and API until Ctrl-C.

    The first start writes a one-time set-up code into data_dir and prints the file's path; open the printed address
    and make the administrator with it.
    """
    # Database, set-up code and all other files belong to this user alone.
    os.umask(0o077)
    with one_line():
        from center.app import serve  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        wait_for(config, wait_s)
        if not serve(load(CenterConfig, config), lambda line: out.print(line, markup=False)):
            err.print("The broker's thread ended with an error, shown above; the centre stopped.", style="red")
            raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the API as JSON, sorted: equal documents are equal files."""
    from json import dumps  # noqa: PLC0415 - --help stays light

    from center.api.router import create  # noqa: PLC0415 - the same

    sys.stdout.write(dumps(create().openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n")


@app.command("event-schema")
def event_schema() -> None:
    """Print the JSON Schema of the events that leave by [events_out]."""
    from json import dumps  # noqa: PLC0415 - --help stays light

    from center.events_out.schema import json_schema  # noqa: PLC0415 - the same

    sys.stdout.write(dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


@app.command()
def routes(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Print every route with its permission."""
    from json import dumps  # noqa: PLC0415 - --help stays light

    from center.access.route_permissions import RoutePermissions  # noqa: PLC0415 - the same
    from center.app import unguarded  # noqa: PLC0415 - the same

    rows = [
        {"method": rule.method, "path": rule.path, "permission": rule.permission and rule.permission.value}
        for rule in RoutePermissions.of(unguarded().routes).rules
    ]
    if as_json:
        sys.stdout.write(dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        out.print(f"{row['method']:<9} {row['permission'] or 'open':<20} {row['path']}", markup=False)


@app.command()
def check(config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Name weaknesses of this installation: accounts, certificates, files, listeners, upkeep, packages.

    Exit code 1: there are findings. The centre may be running.
    """
    with one_line():
        from center.access.route_permissions import RoutePermissions  # noqa: PLC0415 - --help stays light
        from center.app import unguarded  # noqa: PLC0415 - the same

        print_check(config, RoutePermissions.of(unguarded().routes).rules, as_json=as_json)


if __name__ == "__main__":
    app()
