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
evidence = typer.Typer(no_args_is_help=True, help="Check what was exported as evidence.")
app.add_typer(evidence, name="evidence")

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


@evidence.command("verify")
def verify_evidence(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The archive.", show_default=False)],
    ca: Annotated[Path, typer.Option("--ca", metavar="root.pem", help="The site authority's certificate, PEM.")],
) -> None:
    """Say whether an archive is what the centre exported, or which file is not. Needs no configuration.

    Exit code 1: it is not. bin/verify-evidence does the same with openssl, unzip and sha256sum.
    """
    from center.evidence.trust import Roots, RootsError  # noqa: PLC0415 - --help stays light
    from center.evidence.verify import RefusedError, verify  # noqa: PLC0415 - the same

    try:
        found = verify(file, Roots.load(ca))
    except RefusedError as error:
        _err.print(f"REFUSED ({error.fault}) {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    except RootsError as error:
        _err.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    except OSError as error:
        _err.print(f"{file}: cannot be read ({error.strerror})", style="red", markup=False)
        raise typer.Exit(2) from error
    said = found.manifest
    accuracy = "not stated" if found.accuracy_ms is None else f"{found.accuracy_ms} ms"
    for line in (
        f"OK {file}: {len(said.files)} files as they were signed",
        f"case {said.case.number}, exported by {said.exported_by} at {said.exported_at}",
        f"signer {found.signer}",
        f"time stamp {found.stamp_serial} at {found.stamped_at:%Y-%m-%d %H:%M:%S} UTC, accuracy {accuracy}",
    ):
        _out.print(line, markup=False)


if __name__ == "__main__":
    app()
