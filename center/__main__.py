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
notify = typer.Typer(no_args_is_help=True, help="Tell people and machines of alarms.")
app.add_typer(notify, name="notify")

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


@notify.command("test")
def notify_test(
    channel: Annotated[str, typer.Argument(help="Its id under [notify].")],
    config: ConfigFile,
    recipient: Annotated[str | None, typer.Option(metavar="NAME", help="One of them; all by default.")] = None,
) -> None:
    """Send a message that says it is a test, and say what came of it.

    The running centre sends it; where none runs, this command does, and whatever else waits in the outbox with it.
    """
    os.umask(0o077)
    with _one_line():
        import asyncio  # noqa: PLC0415 - --help stays light

        from center.app import open_notifier  # noqa: PLC0415 - the same
        from center.notify import trial  # noqa: PLC0415 - the same
        from provisioning.contracts.config import CenterConfig, load  # noqa: PLC0415 - the same

        store, notifier = open_notifier(load(CenterConfig, config))
        try:
            receipts = asyncio.run(trial.run(notifier, channel, recipient))
        finally:
            store.close()
    for receipt in receipts:
        _out.print(f"{receipt.recipient}: {receipt.state.value} ({receipt.code})", markup=False)


if __name__ == "__main__":
    app()
