"""Draws thefts by hour, weekday and place: counts of the cases in sight that name time and place of the theft."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.cases.thefts import TheftCell, TheftCounts, count_thefts
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.map import Heat, Map, MapPoint
from center.console.widgets.markup import labelled, words
from center.console.widgets.week import DAYS, Week
from center.errors import marked
from center.geometry import Position, distance_m
from center.services import Services, identity_of, services_of
from provisioning.contracts.wire.messages import MachineClass

PATH: Final = "/thefts"
TITLE: Final = marked("Thefts by time and place")
DAY_MS: Final = 86_400_000
PERIODS: Final = {
    "30": marked("Last 30 days"),
    "90": marked("Last 90 days"),
    "365": marked("Last 365 days"),
    "all": marked("All times"),
}
KINDS: Final = {
    "all": (marked("All vehicle types"), tuple(MachineClass)),
    "two": (marked("Two-wheelers"), tuple(cls for cls in MachineClass if cls.is_two_wheeler)),
    "four": (marked("Cars, buses, trucks"), tuple(cls for cls in MachineClass if not cls.is_two_wheeler)),
}
SHOWN_CELLS: Final = 20
NEAR_M: Final = 1000


async def thefts(request: Request) -> None:
    """Draws the page `/thefts`.

    Raises:
        StoreUnavailableError: the database does not work.
    """
    services, identity = services_of(request), identity_of(request)
    period = _chosen(request, "days", PERIODS, "90")
    kind = _chosen(request, "kind", KINDS, "all")
    from_ms = 0 if period == "all" else services.now_ms() - int(period) * DAY_MS
    found = await asyncio.to_thread(services.cases.book.thefts, identity, from_ms=from_ms, classes=KINDS[kind][1])
    counts = count_thefts(found)
    sight = identity.access.scope(Permission.CAMERA_VIEW)
    placed = await asyncio.to_thread(services.positions.placed, services.devices.cameras(sight))
    cameras = {
        Position(each.latitude, each.longitude): each.title
        for each in placed
        if each.latitude is not None and each.longitude is not None
    }
    with frame(request, title=TITLE, active="/cases") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cases"), "/cases")
            words("h1", _(TITLE))
        with labelled("div", _("Filters")).classes("ws-tabs").props('role="group"'):
            _tabs("days", PERIODS, period, {"kind": kind}, _)
            words("span", "·").classes("ws-muted")
            _tabs("kind", {key: name for key, (name, _classes) in KINDS.items()}, kind, {"days": period}, _)
        words("p", _("Cases with time and place of the theft: {count}").format(count=f"{counts.cases:,}")).classes(
            "ws-sub"
        )
        if counts.cases:
            _draw(counts, cameras, services, _)
        else:
            empty(
                _("No thefts in this time range"),
                _("Choose a longer time range. A case counts once time and place of the theft are entered."),
            )


def _chosen(request: Request, name: str, options: Mapping[str, object], usual: str) -> str:
    value = request.query_params.get(name, usual)
    return value if value in options else usual


def _tabs(name: str, options: Mapping[str, str], chosen: str, others: dict[str, str], _: Language) -> None:
    for key, text in options.items():
        link = ui.link(_(text), f"{PATH}?{urlencode(others | {name: key})}")
        if key == chosen:
            link.props('aria-current="true"')


def _draw(counts: TheftCounts, cameras: Mapping[Position, str], services: Services, _: Language) -> None:
    with ui.element("div").classes("ws-two"):
        with ui.element("div").classes("ws-side"):
            _bars(_("By weekday"), [_(day) for day in DAYS], counts.weekdays)
            shown = Map(_, services.atlas, label=_("Cases by place of the theft")).classes("ws-map-tall")
        _bars(_("By hour ({zone})").format(zone=moments.ZONE_TEXT), [f"{hour:02}" for hour in range(24)], counts.hours)
    shown.heat(
        [
            Heat(MapPoint(cell.latitude, cell.longitude), cell.cases, _("{count} cases").format(count=cell.cases))
            for cell in counts.cells
        ]
    )
    with ui.element("div").classes("ws-panel ws-search-week"):
        label = _("Cases by hour of the week ({zone})").format(zone=moments.ZONE_TEXT)
        words("h2", label)
        Week(_, label=label, unit=_("{count} cases")).show(counts.week)
    _places(counts.cells, cameras, _)


def _bars(title: str, names: Sequence[str], counts: Sequence[int]) -> None:
    """Draws one bar a row, with its number beside it."""
    most = max(counts)
    with ui.element("div").classes("ws-panel ws-inset"):
        words("h2", title)
        with ui.element("table").classes("ws-bars") as table:
            table.props["aria-label"] = title
            with ui.element("tbody"):
                for name, count in zip(names, counts, strict=True):
                    with ui.element("tr"):
                        words("th", name).props('scope="row"')
                        with ui.element("td"):
                            ui.element("span").style(f"width: {100 * count / most:.1f}%")
                        words("td", f"{count:,}").classes("ws-number")


def _places(cells: Sequence[TheftCell], cameras: Mapping[Position, str], _: Language) -> None:
    with ui.element("div").classes("ws-panel ws-scroll"), ui.element("table").classes("ws-table"):
        with ui.element("thead"), ui.element("tr"):
            for head in (_("Place (500 m)"), _("Nearest camera"), _("Cases")):
                words("th", head).props('scope="col"')
        with ui.element("tbody"):
            for cell in cells[:SHOWN_CELLS]:
                with ui.element("tr"):
                    words("td", f"{cell.latitude:.3f}, {cell.longitude:.3f}").classes("ws-number")
                    words("td", _nearest(Position(cell.latitude, cell.longitude), cameras, _))
                    words("td", f"{cell.cases:,}").classes("ws-number")


def _nearest(place: Position, cameras: Mapping[Position, str], _: Language) -> str:
    """Names the camera nearest to a place, if one is near."""
    away = {distance_m(place, at): name for at, name in cameras.items()}
    metres = min(away, default=NEAR_M + 1)
    if metres > NEAR_M:
        return "–"
    return _("{name}, {metres} m").format(name=away[metres], metres=round(metres))
