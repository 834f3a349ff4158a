"""`wayside-center`: run the centre, print its API, look after accounts. Heavy imports wait until a command runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Console and API over what the street's cameras saw."
)
user = typer.Typer(no_args_is_help=True, help="Look after local accounts.")
app.add_typer(user, name="user")

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The centre's TOML file.")]

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def _one_line() -> Iterator[None]:
    """Turn what the user can mend into one line and exit code 2."""
    from center.errors import CenterError  # noqa: PLC0415 - --help stays light
    from provisioning.contracts.errors import ConfigError  # noqa: PLC0415 - the same

    try:
        yield
    except (CenterError, ConfigError) as error:
        _err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error


@app.command()
def run(config: ConfigFile) -> None:
    """Serve console and API until Ctrl-C.

    The first start writes a one-time set-up code into data_dir and prints the file's path; open the printed address
    and make the administrator with it.
    """
    # Database, set-up code and whatever else is written belong to this user alone.
    os.umask(0o077)
    with _one_line():
        from center.app import serve  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config import CenterConfig, load  # noqa: PLC0415 - the same

        if not serve(load(CenterConfig, config), lambda line: _out.print(line, markup=False)):
            _err.print("The broker's thread ended with an error, shown above; the centre stopped.", style="red")
            raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI schema as JSON."""
    from json import dumps  # noqa: PLC0415 - --help stays light

    from center.api.router import create  # noqa: PLC0415 - the same

    sys.stdout.write(dumps(create().openapi(), indent=2, ensure_ascii=False) + "\n")


@app.command()
def assess(
    month: Annotated[str, typer.Option(metavar="2026-11", help="A month; a day or an hour will do too.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Written; .csv, .xlsx or .pdf says what.")],
    config: ConfigFile,
) -> None:
    """Assess cameras, districts and the fleet, and write the result to a file."""
    os.umask(0o077)
    with _one_line():
        from center.app import write_assessment  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config import CenterConfig, load  # noqa: PLC0415 - the same

        write_assessment(load(CenterConfig, config), month, out)
    _out.print(str(out), markup=False)


@user.command("reset-password")
def reset_password(name: Annotated[str, typer.Argument(help="The account.")], config: ConfigFile) -> None:
    """Ask for a new password and end all sessions of the account."""
    os.umask(0o077)
    with _one_line():
        from center.app import open_accounts  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config import CenterConfig, load  # noqa: PLC0415 - the same

        store, auth = open_accounts(load(CenterConfig, config))
        try:
            password: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
            auth.reset_password(username=name, password=password)
        finally:
            store.close()
    _out.print("The password is changed; all sessions of the account have ended.")


if __name__ == "__main__":
    app()
