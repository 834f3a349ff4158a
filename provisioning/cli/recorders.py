"""`wayside-provision recorders`: tells an agent which recorders its cameras are recorded by."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AgentId, AsJson, HomeDir, end, group, opened

recorders = group("The recorders of an agent, which are asked for a camera's past.")


@recorders.command("import", epilog="Example: wayside-provision recorders import cabinet-7 recorders.toml")
def recorders_import(
    agent_id: AgentId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML with [[recorders]].", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an agent the recorders of a file, and no others, and make its next configuration.

    Each password is read from its `password_file` here and encrypted to the agent; the file's path goes nowhere.
    """
    from provisioning.camera_list import recorder_file

    end(as_json, lambda: recorder_file.import_recorders(opened(home), agent_id, file))
