"""Draws a map: cameras, counts at places, a drawn area, a path through places in order of time.

All places are WGS 84 in degrees, as agents and the register have them. Maps of Chinese services are mostly GCJ-02, some
hundred metres off: their places and tiles do not fit and are not converted. Leaflet is NiceGUI's; the world and what
groups markers and draws vector tiles lie in `ground/libraries/`, fetched by `bin/setup` and carried by a wheel;
outlines, tiles and the imported map are the site's files. A browser fetches nothing from elsewhere.

A page must show the content of its map as text beside it, too, for users of the keyboard alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from babel import Locale
from babel.core import get_global
from nicegui.element import Element
from nicegui.elements.leaflet import leaflet
from nicegui.events import GenericEventArguments

from center.basemap.archive import ArchiveFacts
from center.basemap.errors import MapFileError
from center.basemap.ground import Basemap
from center.console.language import Language

CORNERS: Final = range(3, 65)
"""Number of corners that a drawn area may have."""
_LEAFLET: Final = Path(leaflet.__file__).parent / "dist"
_GROUND: Final = Path(__file__).parent / "ground"
LIBRARIES: Final = _GROUND / "libraries"
_NEEDED: Final = (
    "supercluster.min.js", "topojson-client.min.js", "countries-50m.json", "pmtiles.js", "protomaps-leaflet.js",
)  # fmt: skip


class MapPoint(NamedTuple):
    """One place, WGS 84. Latitude first, as people say it; GeoJSON has longitude first."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Marker:
    """A camera, or another place that has a state."""

    key: str
    """Identifies the marker: one that stays is moved and recoloured, not drawn again."""
    at: MapPoint
    title: str
    tone: str = "off"
    """`ok`, `warn`, `bad` or `off`."""
    note: str = ""
    """Second line of what shows on hover."""
    href: str = ""
    """Address that a click opens, a path of this console."""
    bearing_deg: float | None = None
    """Compass direction in which a camera looks, drawn as a sector; None: unknown."""


@dataclass(frozen=True, slots=True)
class Heat:
    """An amount at one place: the disc's area grows with `value`, the greatest is drawn fullest."""

    at: MapPoint
    value: float
    title: str
    """Text with the value, on hover."""


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a path."""

    at: MapPoint
    title: str
    """Camera and local time, on hover."""
    href: str = ""
    at_ms: int = 0
    """Time at which it was there, for the pace at which the path is played."""


@dataclass(frozen=True, slots=True)
class Peek:
    """The newest picture of a marker. Without `src` there is none, and `note` says why."""

    src: str = ""
    alt: str = ""
    note: str = ""


class Map(Element, component="map.js", esm={"nicegui-leaflet": str(_LEAFLET), "wayside-ground": str(_GROUND)}):
    """A map, drawn empty: its methods fill it, each of which replaces what it showed before.

    Markers that are near to each other are one cluster, which has the colour of the worst of them and opens by a click.

    The view is fitted once, to the first markers, heat or path (else to the outlines), and then left to the user; a
    button fits it again. `label` names the map for users who cannot see it. With `on_area` an area can be drawn: clicks
    (or Enter at the centre) set corners, a button or Backspace takes the last back, a button closes it. It is called
    with the corners in order, and with `()` when the area is cleared. `on_peek` gives the newest picture of the marker
    whose words are open, by its key.
    """

    def __init__(
        self,
        _: Language,
        atlas: Basemap,
        *,
        label: str,
        on_area: Callable[[tuple[MapPoint, ...]], object] | None = None,
        on_peek: Callable[[str], Awaitable[Peek | None]] | None = None,
    ) -> None:
        super().__init__()
        self.add_resource(_LEAFLET)
        self.classes("ws-map")
        self._on_area = on_area
        self._on_peek = on_peek
        self._props["label"] = label
        self._props["ground"] = ground_of(atlas, _)
        self._props["drawing"] = on_area is not None
        self._props["peeking"] = on_peek is not None
        self._props["limits"] = [CORNERS.start, CORNERS.stop - 1]
        self._props["words"] = {
            "nearer": _("Zoom in"),
            "farther": _("Zoom out"),
            "all": _("Show all"),
            "draw": _("Draw area"),
            "undo": _("Undo last corner"),
            "close": _("Close area"),
            "clear": _("Remove area"),
            "how": _("Click to set corners. Enter: corner at the centre. Backspace: undo."),
            "failed": _("A part of the map background could not be loaded. Reload the page."),
            "count": _("Cameras"),
            "ok": _("OK"),
            "warn": _("Warning"),
            "bad": _("Fault"),
            "off": _("Unknown"),
            "play": _("Play over time"),
            "pause": _("Pause"),
            "moment": _("Sighting"),
            "colon": _.colon,
        }
        self._props["plays"] = False
        for name in ("markers", "heat", "path", "area"):
            self._props[name] = []
        if on_area is not None:
            self.on("area", self._drawn)
        if on_peek is not None:
            self.on("peek", self._peek)

    def show(self, markers: Sequence[Marker]) -> None:
        """Shows cameras with their states."""
        self._set("markers", tuple({**asdict(marker), "at": tuple(marker.at)} for marker in markers))

    def heat(self, heat: Sequence[Heat]) -> None:
        """Shows amounts at their places."""
        self._set("heat", tuple({**asdict(each), "at": tuple(each.at)} for each in heat))

    def path(self, steps: Sequence[Step], *, plays: bool = False) -> None:
        """Shows a path, in the order of time: a line with numbered places. `plays`: it can be played over time."""
        if self._props["plays"] != plays:
            self._props["plays"] = plays
            self.update()
        self._set("path", tuple({**asdict(step), "at": tuple(step.at)} for step in steps))

    def area(self, corners: Sequence[MapPoint]) -> None:
        """Shows an area as if it had been drawn; `()` for none. `on_area` is not called."""
        self._set("area", [list(corner) for corner in corners])

    def _set(self, name: str, value: Sequence[object]) -> None:
        if self._props[name] != value:
            self._props[name] = value
            self.update()

    def _drawn(self, event: GenericEventArguments) -> None:
        corners = area_of(event.args)
        if corners is not None and self._on_area is not None:
            self._props["area"] = [list(corner) for corner in corners]
            self._on_area(corners)

    async def _peek(self, event: GenericEventArguments) -> None:
        keys = {marker["key"] for marker in self._props["markers"]}
        if self._on_peek is None or not isinstance(event.args, str) or event.args not in keys:
            return
        peek = await self._on_peek(event.args)
        if peek is not None and not self.is_deleted:
            self.run_method("showPeek", event.args, peek.src, peek.alt, peek.note)


def ground_of(atlas: Basemap, _: Language) -> dict[str, object]:
    """Describes the ground to the browser: which parts there are, and their addresses."""
    installed = all((LIBRARIES / name).is_file() for name in _NEEDED)
    site, fault, attributions = {}, "", [atlas.ground.attribution]
    if not installed:
        fault = _("The map has no background: its libraries are not installed. Run bin/setup demo, reload the page.")
    try:
        view = None if atlas.site is None else atlas.site.view()
    except MapFileError:
        view = None
        fault = _("The imported map cannot be read. Import it again: wayside-center map import FILE")
    if view is not None and isinstance(view.content, ArchiveFacts):
        attributions.append(view.content.attribution)
        site = {
            "kind": "vector" if view.content.is_vector else "pictures",
            "url": f"/api/map/site.pmtiles?v={view.version}",
            "max_zoom": view.content.max_zoom,
            "layers": view.content.layers,
        }
    elif view is not None:
        site = {"kind": "geojson", "url": f"/api/map/site.geojson?v={view.version}"}
    return {
        "libraries": installed,
        "world": atlas.ground.world,
        "names": territories(_.locale) if atlas.ground.world and _.locale is not None else {},
        "site": site or None,
        "fault": fault,
        "outlines": "/api/map/outlines" if atlas.outlines.features else "",
        "tiles": "/api/map/tiles/{z}/{x}/{y}" if atlas.ground.tiles_dir is not None else "",
        "attribution": " · ".join(filter(None, attributions)),
        "max_zoom": atlas.ground.max_zoom,
        "language": _.code,
    }


@cache
def territories(locale: str) -> dict[str, str]:
    """Names countries and territories in a language, by their numeric code (ISO 3166-1), as the world's file has it."""
    names = Locale.parse(locale).territories
    codes = {code: letters[0] for code, letters in get_global("territory_aliases").items() if code.isdecimal()}
    return {code: names[letters] for code, letters in codes.items() if letters in names}


def area_of(said: object) -> tuple[MapPoint, ...] | None:
    """Reads the drawn area from a browser's event: corners, `()` for a cleared one, None if it is no area at all."""
    if not isinstance(said, list) or (said and len(said) not in CORNERS):
        return None
    corners = []
    for pair in said:
        match pair:
            case [int() | float() as latitude, int() | float() as longitude] if (
                -90 <= latitude <= 90 and -180 <= longitude <= 180
            ):
                corners.append(MapPoint(float(latitude), float(longitude)))
            case _:
                return None
    return tuple(corners)
