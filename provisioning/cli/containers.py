"""Implements `wayside-provision cluster containers`: everything that the containers of one machine start from."""

import secrets
from pathlib import Path
from typing import Final

from provisioning.camera_list.importing import import_cameras
from provisioning.cli import home_commands
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.fleet.documents import Membership
from provisioning.demo import site_plan
from provisioning.demo.ports import Ports
from provisioning.enrolment import bundles
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.servers import containers

DEMO: Final = "var/lib/wayside-demo"
"""Folder of what the demo's cameras and its agent are handed: a password, a bundle, a list of cameras."""
CAMERAS: Final = "cameras"
"""Host name of the demo's cameras."""


def prepare(directory: Path, host: str, cluster: str, root: Path, *, demo: bool) -> CommandResult:
    """Makes the home unless it is there, and renders for centre and cluster; with `demo` an agent with two cameras.

    Run again, it changes neither a secret nor what was set up since.

    Raises:
        ProvisioningError: the host is no other's to reach, there is a home with other values, or it cannot be written.
    """
    containers.check_host(host)
    asked = {"name": "containers", "host": host, "services_listen": containers.EVERY_ADDRESS}
    made = home_commands.init(directory, asked)
    home = Home.open(directory)
    rendered = containers.render(home, root, cluster)
    shown = [*made.shown[:1], *rendered.shown, *([_demo(home, root / DEMO)] if demo else [])]
    return CommandResult({**made.facts, **rendered.facts, "changed": made.facts["changed"]}, shown)


def _demo(home: Home, folder: Path) -> str:
    """Registers site, agent and cameras of the demo, and makes the agent's bundle. An enrolled agent stays as it is."""
    if any(each.membership is Membership.ENROLLED for each in home.register.agents()):
        return f"agent {site_plan.AGENT} is enrolled; nothing of it was changed"
    folder.mkdir(parents=True, exist_ok=True)
    password, listed = folder / "camera-password", folder / "cameras.csv"
    if not password.exists():
        durable.write(password, secrets.token_urlsafe(18).encode())
    durable.write(listed, site_plan.camera_list(Ports(), read_secret(password), host=CAMERAS).encode())
    latitude, longitude = (float(word) for word in site_plan.SITE_PLACE[1::2])
    home_commands.add_site(home, site_plan.SITE, site_plan.SITE_NAME, latitude, longitude)
    home_commands.add_agent(home, site_plan.AGENT, site_plan.SITE, again=False)
    import_cameras(home, site_plan.AGENT, listed, replace=True, dry_run=False)
    bundle = folder / f"{site_plan.AGENT}.bundle"
    bundles.make(home, site_plan.AGENT, bundles.BundleOptions(bundle, None, hours=72.0, again=False), as_json=False)
    return f"agent {site_plan.AGENT} has two cameras that play films, and enrols with {bundle}"
