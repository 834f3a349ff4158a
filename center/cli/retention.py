"""`wayside-center retention`: show how far retention time has come, and confirm that the clock is right."""

from typing import Annotated

import typer

from center.cli.output import ACTOR, ConfigFile, err, one_line, say


def retention(
    config: ConfigFile,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="DATE", help="Today's date in UTC, YYYY-MM-DD, from elsewhere.")
    ] = "",
) -> None:
    """Say how far retention time has come, and what is deleted once the clock is confirmed.

    With --confirm the clock counts as right from now on, and a running centre deletes within minutes. Exit code 1 while
    a confirmation is needed.
    """
    with one_line():
        from center.bootstrap import open_records  # noqa: PLC0415 - the same
        from center.errors import StartError  # noqa: PLC0415 - --help stays light
        from center.expired import count_past, keeps_ms  # noqa: PLC0415 - the same
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same
        from provisioning.retention.clock import WrongDateError, read_clocks  # noqa: PLC0415 - the same

        settings = load(CenterConfig, config)
        opened = open_records(settings)
        try:
            past = count_past(opened.store, keeps_ms(settings), read_clocks().wall_ms)
            if confirm:
                opened.audit.append(ACTOR, "retention.confirm", {"today": confirm, "past": past})
                opened.retention.confirm(confirm, keeps_ms(settings))
            facts = opened.retention.facts()
        except WrongDateError as error:
            raise StartError(what=str(error), what_to_do="Set the clock right first; nothing was changed") from error
        finally:
            opened.store.close()
    for name, text in facts.items():
        say(f"{name}: {text}")
    for name, count in past.items():
        say(f"past its time by this clock, {name}: {count}")
    if facts["stopped"] != "no":
        err.print("Nothing of it is deleted before --confirm.", style="red")
        raise typer.Exit(1)
