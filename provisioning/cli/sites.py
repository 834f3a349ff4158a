"""Commands `wayside-provision site | agent | cameras`."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AgentId, AsJson, HomeDir, end, group, opened

site = group("Places with agents.")
agent = group("Boxes that are, or are to become, agents.")
cameras = group("The cameras of an agent.")

SiteId = Annotated[str, typer.Option("--site", metavar="SITE", help="Id of its site.", show_default=False)]


@site.command(
    "add", epilog="Example: wayside-provision site add north --name 'North gate' --latitude 31.3 --longitude 120.6"
)
def site_add(
    site_id: Annotated[str, typer.Argument(metavar="ID", help="Up to 63 of a-z, 0-9, '-'.", show_default=False)],
    name: Annotated[str, typer.Option(help="What people call it.", show_default=False)],
    latitude: Annotated[float | None, typer.Option(help="Degrees, WGS 84.", show_default=False)] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees, WGS 84.", show_default=False)] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a site. Its place is compared with cameras' coordinates: over 100 km away is a mistake."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.add_site(opened(home), site_id, name, latitude, longitude))


@site.command("list", epilog="Example: wayside-provision site list")
def site_list(home: HomeDir = None, as_json: AsJson = False) -> None:
    """List all sites, with their places."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.list_sites(opened(home)))


@agent.command("new", epilog="Example: wayside-provision agent new cabinet-7 --site north")
def agent_new(
    agent_id: Annotated[str, typer.Argument(metavar="ID", help="Up to 63 of a-z, 0-9, '-'.", show_default=False)],
    site_id: SiteId,
    again: Annotated[bool, typer.Option("--again", help="A revoked agent may enrol anew.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Register an agent. `bundle` then makes the file that its box enrols with."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.add_agent(opened(home), agent_id, site_id, again=again))


@agent.command("list", epilog="Example: wayside-provision agent list --json")
def agent_list(home: HomeDir = None, as_json: AsJson = False) -> None:
    """List the agents and their membership: pending, enrolled or revoked."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.list_agents(opened(home)))


@cameras.command("import", epilog="Example: wayside-provision cameras import cabinet-7 cameras.xlsx --dry-run")
def cameras_import(
    agent_id: AgentId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV (UTF-8, GB18030) or XLSX.", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="The agent has no other cameras afterwards.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Add or change cameras from a list, and make the agent's next configuration.

    Good lines are imported, and every fault is reported with its line and column. A line describes a camera completely:
    without a password there, it has none. Exit code 0: no faults. 1: some lines have faults. 2: the file is of no use.
    """
    from provisioning.camera_list import importing as their

    end(as_json, lambda: their.import_cameras(opened(home), agent_id, file, replace=replace, dry_run=dry_run))


@cameras.command("list", epilog="Example: wayside-provision cameras list cabinet-7")
def cameras_list(agent_id: AgentId, home: HomeDir = None, as_json: AsJson = False) -> None:
    """List the cameras of an agent, without passwords and paths."""
    from provisioning.camera_list import importing as their

    end(as_json, lambda: their.listing(opened(home), agent_id))


@cameras.command("remove", epilog="Example: wayside-provision cameras remove cabinet-7 gate-2")
def cameras_remove(
    agent_id: AgentId,
    camera_id: Annotated[str, typer.Argument(metavar="CAMERA", help="Id of the camera.", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove a camera from an agent, and make its next configuration."""
    from provisioning.camera_list import importing as their

    end(as_json, lambda: their.remove(opened(home), agent_id, camera_id))


@cameras.command("send", epilog="Example: wayside-provision cameras send cabinet-7")
def cameras_send(agent_id: AgentId, home: HomeDir = None, as_json: AsJson = False) -> None:
    """Give an agent its configuration once more, under a new number, though nothing in it has changed.

    For one that was rolled back by a fault that is mended by now, or after the home was restored from a backup.
    """
    from provisioning.camera_list import importing as their

    end(as_json, lambda: their.send(opened(home), agent_id))
