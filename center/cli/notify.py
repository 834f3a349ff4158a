"""`wayside-center notify`: send a test message through a channel. Needs access to the centre's files."""

import os
from typing import Annotated

import typer

from center.cli.output import ConfigFile, one_line, out

notify = typer.Typer(no_args_is_help=True, help="Tell people and machines of alarms.")


@notify.callback()
def _group() -> None:
    """Keeps `test` a command of its own while it is the only one."""


@notify.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="Its id under [notify].")],
    config: ConfigFile,
    recipient: Annotated[str | None, typer.Option(metavar="NAME", help="One of them; all by default.")] = None,
) -> None:
    """Send a message that says it is a test, and print the result of each delivery.

    The running centre sends it; where none runs, this command does, with everything else that waits in the outbox.
    """
    os.umask(0o077)
    with one_line():
        import asyncio  # noqa: PLC0415 - --help stays light

        from center.bootstrap import open_notifier  # noqa: PLC0415 - the same
        from center.notify import service  # noqa: PLC0415 - the same
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        store, notifier = open_notifier(load(CenterConfig, config))
        try:
            receipts = asyncio.run(service.try_channel(notifier, channel, recipient))
        finally:
            store.close()
    for receipt in receipts:
        out.print(f"{receipt.recipient}: {receipt.state.value} ({receipt.code})", markup=False)
