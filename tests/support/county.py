"""Four servers of a county, rendered from the golden plan."""

from pathlib import Path

from provisioning.home.home import Home, HomeConfig
from provisioning.servers.plan import ServersPlan, read
from provisioning.servers.render import render

GOLDEN = Path(__file__).parents[1] / "provisioning" / "golden"
NAMES = ("head", "parser", "archiver", "keeper")


def plan() -> ServersPlan:
    return read(GOLDEN / "county.toml")


def rendered(folder: Path) -> tuple[Home, Path]:
    """A home, and the folder with each server's."""
    config = HomeConfig(name="county", host="10.2.0.5", services_listen="10.2.0.5", account="nobody")
    home = Home.create(folder / "home", config)
    render(home, plan(), folder / "out")
    return home, folder / "out"


def files(folder: Path) -> dict[str, bytes]:
    """By path under / of what lies in a server's folder."""
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
