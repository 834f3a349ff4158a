"""`wayside-center map`: import, show and remove the site's own map. Needs access to the centre's files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from center.cli.output import ACTOR, ConfigFile, one_line, out, records, say

if TYPE_CHECKING:
    from center.basemap.site_map import SiteMap

site_map = typer.Typer(no_args_is_help=True, help="Look after the site's own map, the ground of the console's maps.")


@site_map.command("import")
def import_map(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="GeoJSON, or PMTiles with vector or picture tiles.")],
    config: ConfigFile,
) -> None:
    """Check a map in WGS 84 and keep it in data_dir, in place of the last one.

    Of GeoJSON geometry and name are kept. A running centre shows it on the next page that is opened.
    """
    with records(config) as opened:
        with _of(config).importing(file) as view:
            opened.audit.append(ACTOR, "map.import", {"file": file.name, **view.facts()})
        for name, text in view.facts().items():
            say(f"{name}: {text}")
    out.print("Imported. Pages that are opened from now on show it.", markup=False)


@site_map.command()
def show(config: ConfigFile) -> None:
    """Print the map that was imported."""
    with one_line():
        view = _of(config).view()
    if view is None:
        say("No map is imported. Import one with: wayside-center map import FILE")
        return
    for name, text in view.facts().items():
        say(f"{name}: {text}")


@site_map.command()
def remove(config: ConfigFile) -> None:
    """Remove the map that was imported."""
    with records(config) as opened:
        site = _of(config)
        if not site.file.exists():
            say("No map is imported.")
            return
        opened.audit.append(ACTOR, "map.remove", {})
        site.remove()
    out.print("Removed.", markup=False)


def _of(config: Path) -> "SiteMap":
    from center.basemap.site_map import SiteMap  # noqa: PLC0415 - --help stays light
    from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

    return SiteMap(load(CenterConfig, config).data_dir)
