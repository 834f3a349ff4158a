"""Draws the map of the search page: the places of the counts, and an area to search in.

It is drawn when it is first opened: its library takes a browser longer to load than all the rest of the page.
"""

from collections.abc import Callable, Sequence

from nicegui import ui

from center.basemap.ground import Basemap
from center.console.language import Language
from center.console.widgets.map import Heat, Map, MapPoint
from center.console.widgets.markup import words


class SearchMap:
    """The map, closed at first. `on_area` is called with the corners that were drawn; `()` when the area is cleared."""

    def __init__(self, _: Language, atlas: Basemap, *, on_area: Callable[[tuple[MapPoint, ...]], object]) -> None:
        self._ = _
        self._atlas = atlas
        self._on_area = on_area
        self._corners: Sequence[MapPoint] = ()
        self._heat: Sequence[Heat] = ()
        self._map: Map | None = None
        self._box = ui.element("div").classes("ws-panel ws-search-map")
        self._box.set_visibility(False)
        with self._box:
            self._note = ui.element("div").classes("ws-search-note")

    def toggle(self) -> None:
        """Opens or closes the map."""
        self._box.set_visibility(not self._box.visible)
        if self._map is None and self._box.visible:
            with self._box:
                self._map = Map(self._, self._atlas, label=self._("Vehicles by camera"), on_area=self._on_area)
            self._map.move(target_index=0)
            self._map.area(self._corners)
            self._map.heat(self._heat)

    def area(self, corners: Sequence[MapPoint]) -> None:
        """Shows the area that is searched; `()` for none."""
        _, self._corners = self._, corners
        if self._map is not None:
            self._map.area(corners)
        self._note.clear()
        with self._note:
            if corners:
                words("span", _("Only cameras inside the area ({count} corners)").format(count=len(corners)))
            else:
                words(
                    "span",
                    _(
                        "Draw an area to search only its cameras. The circle size shows the number of vehicles "
                        "of the camera."
                    ),
                )

    def heat(self, heat: Sequence[Heat]) -> None:
        """Shows the counts at their places."""
        self._heat = heat
        if self._map is not None:
            self._map.heat(heat)
