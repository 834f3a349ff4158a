"""Draws counts of people in the pictures of cameras, in bins of five minutes or more: a table, and a file."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from nicegui import ui

from center.access.permissions import CameraKey, Scope
from center.console.frame import problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import labelled, moment, words
from center.errors import CenterError, PurposeMissingError
from center.search.export import zones_csv
from center.search.filters import Filters, SourceFilters, ZoneFilters
from center.services import Services
from provisioning.contracts.query.search import MAX_BINS
from provisioning.contracts.query.zone_counts import GRID_MS, ZoneCount, ZoneCounts

MOST_LINES: Final = 200


class PeoplePanel:
    """The counts, hidden until the user asks: a page that is opened counts no people."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        actor: str,
        sight: Scope,
        names: Mapping[CameraKey, str],
        question: Callable[[], Filters],
    ) -> None:
        """`question` returns the page's filters as of now; it may raise `CenterError`."""
        self._services = services
        self._ = _
        self._actor = actor
        self._sight = sight
        self._names = names
        self._question = question
        self._asked = 0
        with ui.element("div").classes("ws-panel ws-people") as self._box:
            words("h2", _("People count in pictures"))
            words(
                "span",
                _(
                    "Average and maximum number of people per picture, in intervals of at least five "
                    "minutes. No finer data is available, and nothing else about people is kept. Filters for "
                    "vehicles and picture quality do not apply."
                ),
            )
            self._found = ui.element("div").classes("ws-people-found").props('aria-live="polite" tabindex="0"')
            self._trouble = ui.element("div")
            with ui.element("div").classes("ws-acts"):
                ui.button(_("Export people count (CSV)"), icon="download", on_click=self._export).props(
                    "flat dense no-caps"
                )
        self._box.set_visibility(False)

    async def toggle(self) -> None:
        """Shows the counts for the cameras and time of the filters, or hides them."""
        self._box.set_visibility(not self._box.visible)
        await self.reload()

    async def reload(self) -> None:
        """Reads the counts again, since the filters changed."""
        self._asked += 1
        mine = self._asked
        if not self._box.visible:
            return
        try:
            span = _whole(self._question())
            counts = await self._services.search.zones(span, actor=self._actor, sight=self._sight)
        except CenterError as error:
            self._found.clear()
            with self._found:
                problem(error, self._)
            return
        if mine == self._asked:
            self._draw(counts, span)

    def _draw(self, counts: ZoneCounts, span: ZoneFilters) -> None:
        _ = self._
        self._found.clear()
        with self._found:
            if not counts.zones:
                words(
                    "p",
                    _(
                        "No interval in this time range has at least three pictures and ended more than five "
                        "minutes ago."
                    ),
                )
                return
            one = counts.zones[0] if len(counts.zones) == 1 else None
            minutes = _("Start ({minutes}-minute intervals)").format(minutes=span.bin_ms // 60_000)
            figures = (_("Pictures"), _("Average"), _("Maximum"))
            heads = (minutes, *figures) if one else (_("Camera"), *figures, minutes)
            with labelled("table", _("People count in pictures")).classes("ws-table"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        words("th", head)
                with ui.element("tbody"):
                    if one is not None:
                        self._bins(one)
                    else:
                        self._cameras(counts)
            if counts.days_left_out:
                days = ", ".join(counts.days_left_out)
                words("span", _("Too many pictures to count at once. Days left out: {days}").format(days=days))

    def _bins(self, zone: ZoneCount) -> None:
        """Draws one camera: each bin, the newest first."""
        for each in reversed(zone.bins[-MOST_LINES:]):
            with ui.element("tr"):
                moment(moments.local(each.from_ms), moments.utc(each.from_ms), tag="td")
                _numbers(each.pictures, each.mean, each.most)

    def _cameras(self, counts: ZoneCounts) -> None:
        """Draws several cameras: each over the whole time, with the time of its maximum; the fullest first."""
        lines = sorted(((_all(zone), zone) for zone in counts.zones), key=lambda line: -line[0][2])
        for (pictures, mean, most), zone in lines[:MOST_LINES]:
            fullest = next(each for each in zone.bins if each.most == most)
            with ui.element("tr"):
                words("td", self._names.get(CameraKey(zone.agent_id, zone.camera_id), zone.camera_id))
                _numbers(pictures, mean, most)
                moment(moments.local(fullest.from_ms), moments.utc(fullest.from_ms), tag="td")

    async def _export(self) -> None:
        self._trouble.clear()
        try:
            span = _whole(self._question())
            if span.purpose is None:
                raise PurposeMissingError
            counts = await self._services.search.zones(
                span, actor=self._actor, sight=self._sight, action="people.export"
            )
        except CenterError as error:
            with self._trouble:
                problem(error, self._)
            return
        ui.download.content(await asyncio.to_thread(zones_csv, counts, span, self._names), "people.csv", "text/csv")


def _whole(asked: Filters) -> ZoneFilters:
    """Returns the cameras of the filters, and the whole bins that their time lies in."""
    from_ms, to_ms = asked.from_ms or 0, asked.to_ms or 0
    bin_ms = next(
        width for width in (GRID_MS * times for times in _WIDTHS) if to_ms - from_ms <= (MAX_BINS // 4) * width
    )
    first = from_ms // bin_ms * bin_ms
    last = max(first + bin_ms, -(-to_ms // bin_ms) * bin_ms)
    where = asked.model_dump(include=set(SourceFilters.model_fields))
    return ZoneFilters(from_ms=first, to_ms=last, bin_ms=bin_ms, **where)


_WIDTHS: Final = (1, 2, 3, 6, 12, 24, 36, 72, 144, 288, 2016, 8928, 105_120)
"""Widths of a bin in units of five minutes: five minutes to a year."""


def _all(zone: ZoneCount) -> tuple[int, float, int]:
    """Returns pictures, mean and maximum of a camera over all its bins."""
    pictures = sum(each.pictures for each in zone.bins)
    total = sum(each.mean * each.pictures for each in zone.bins)
    return pictures, round(total / pictures, 1), max(each.most for each in zone.bins)


def _numbers(pictures: int, mean: float, most: int) -> None:
    for text in (f"{pictures:,}", f"{mean:.1f}", f"{most:,}"):
        words("td", text).classes("ws-number")
