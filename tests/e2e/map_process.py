"""One page with one map, in a process of its own: what is drawn on it is written below it."""

from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from nicegui import ui

import center
from center.basemap.ground import Basemap, Outlines
from center.console.language import LANGUAGES
from center.console.widgets import map as map_widget
from center.console.widgets.map import Heat, Map, MapPoint, Marker, Step

SHEET: Final = Path(center.__file__).parent / "console" / "static" / "wayside.css"
OUTLINE: Any = {
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "<b>North</b>"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[118.0, 31.9], [118.3, 31.9], [118.3, 32.1], [118.0, 32.1], [118.0, 31.9]]],
            },
        }
    ]
}
MARKERS = (
    Marker("a", MapPoint(32.0, 118.1), "Station", "ok", href="/reached"),
    Marker("b", MapPoint(32.05, 118.2), "<i>Bridge</i>", "bad", note="Offline", bearing_deg=90.0),
)
STEPS = (
    Step(MapPoint(31.95, 118.05), "first", at_ms=1_000),
    Step(MapPoint(31.97, 118.15), "second", at_ms=61_000),
    Step(MapPoint(31.98, 118.12), "third", at_ms=70_000),
)
HEAT = (Heat(MapPoint(31.93, 118.2), 12.0, "12"), Heat(MapPoint(31.93, 118.25), 3.0, "3"))


def serve(port: int) -> None:
    """Serve until it is ended."""
    app = FastAPI()
    atlas = Basemap(outlines=Outlines.model_validate(OUTLINE))

    @app.get("/api/map/outlines")
    def outlines() -> Outlines:
        return atlas.outlines

    @ui.page("/")
    def page() -> None:
        ui.add_head_html(f"<style>{SHEET.read_text(encoding='utf-8')}</style>")
        said = ui.label("nothing").classes("said")
        shown = Map(LANGUAGES["en"], atlas, label="Places", on_area=lambda area: said.set_text(repr(len(area))))
        shown.style("width: 900px; height: 500px")
        ui.button("not played", on_click=lambda: shown.path(STEPS))
        shown.show(MARKERS)
        shown.heat(HEAT)
        shown.path(STEPS, plays=True)
        ui.button("one less", on_click=lambda: shown.show(MARKERS[:1]))
        ui.button("all red", on_click=lambda: shown.show([Marker("a", MapPoint(32.0, 118.1), "Station", "bad")]))

    @ui.page("/bare")
    def bare() -> None:
        """A map of a centre whose libraries were not fetched."""
        ui.add_head_html(f"<style>{SHEET.read_text(encoding='utf-8')}</style>")
        there, map_widget.LIBRARIES = map_widget.LIBRARIES, Path("nowhere")  # type: ignore[misc]
        shown = Map(LANGUAGES["en"], atlas, label="Places")
        map_widget.LIBRARIES = there  # type: ignore[misc]
        shown.style("width: 900px; height: 500px")
        shown.show(MARKERS)

    @ui.page("/reached")
    def reached() -> None:
        ui.label("here")

    ui.run_with(app, show_welcome_message=False)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
