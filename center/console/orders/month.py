"""Draws the figures of a month by maintainer, with the downloads of the sheet and the signed PDF."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.console.fleet.camera import labelled_links
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.orders import labels
from center.console.orders.list import PATH
from center.console.orders.list import TITLE as LIST_TITLE
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import marked
from center.orders.views import MaintainerMonth, OrderMonth, ShareInTime
from center.services import services_of, sight_of

TITLE: Final = marked("Monthly figures")
MONTHS: Final = 6
"""Months that links lead to; any other stands in the address."""
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


async def months(request: Request) -> None:
    """Draws the page `/orders/months`; `?month=` names the month."""
    services = services_of(request)
    now = datetime.fromtimestamp(services.now_ms() / 1000, moments.ZONE)
    offered = _last_months(now)
    said = request.query_params.get("month", "")
    month = said if _MONTH.fullmatch(said) else offered[0]
    figures = await asyncio.to_thread(services.orders.month, month, sight_of(request))
    with frame(request, title=TITLE, active=PATH) as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_(LIST_TITLE), PATH)
            words("h1", f"{_(TITLE)} {month}")
        with labelled_links(_("Month")):
            for each in offered:
                link = ui.link(each, f"{PATH}/months?month={each}")
                if each == month:
                    link.props('aria-current="page"')
            words("span", "").classes("ws-grow")
            words("span", _("Download")).classes("ws-muted")
            ui.link("XLSX", f"/api/orders/months/{month}.xlsx").props("download")
            if services.orders.signs:
                ui.link(_("Signed PDF"), f"/api/orders/months/{month}.pdf").props("download")
        _draw(figures, _)
        if not services.orders.signs:
            words("div", _("The PDF is not offered: no signing key is configured ([evidence]).")).classes("ws-muted")


def _last_months(now: datetime) -> list[str]:
    found = []
    for _number in range(MONTHS):
        found.append(f"{now:%Y-%m}")
        now = now.replace(day=1) - timedelta(days=1)
    return found


def _draw(figures: OrderMonth, _: Language) -> None:
    with words("div", "").classes("ws-muted"):
        words("span", _("As of"))
        moment(f" {moments.local(figures.as_of_ms)}", moments.utc(figures.as_of_ms))
        words("span", " · ")
        words("span", _("final") if figures.is_final else _("not final: orders of this month may still change"))
    if not figures.maintainers:
        empty(_("No orders in this month"), _("Orders count in the month in which they were opened."))
        return
    heads = (
        _("Maintainer"),
        _("Orders"),
        _("Repaired"),
        _("Mean time to repair"),
        _("First-time fix"),
        _("In time"),
        _("Acceptance"),
        _("Arrival on site"),
        _("Repair"),
    )
    with table(*heads, label=_(TITLE)):
        for each in figures.maintainers:
            _draw_maintainer(each, _)
    words(
        "div",
        _(
            "Shares are of clocks that were met or missed. The mean time runs from the opening until the indicator "
            "was well; below it, the hours that the contract counts."
        ),
    ).classes("ws-muted")


def _draw_maintainer(each: MaintainerMonth, _: Language) -> None:
    with ui.element("tr"):
        words("td", each.maintainer or _("not named"))
        _draw_number(
            str(each.orders),
            _("not ended {live}, recovered {recovered}, void {void}").format(
                live=each.live, recovered=each.recovered, void=each.void
            ),
        )
        _draw_number(str(each.mended), "")
        counted = "" if each.counted_mttr_ms is None else labels.duration(each.counted_mttr_ms, _)
        _draw_number("–" if each.mttr_ms is None else labels.duration(each.mttr_ms, _), counted)
        _draw_number(_share(each.first_time_share), str(each.first_time_fixes))
        _draw_number(_share(each.in_time_share), str(each.in_time))
        for clock in (each.answer, each.on_site, each.mended_clock):
            _draw_clock(clock, _)


def _draw_number(value: str, note: str) -> None:
    with ui.element("td").classes("ws-number"):
        words("div", value)
        if note:
            words("div", note).classes("ws-sub")


def _draw_clock(clock: ShareInTime, _: Language) -> None:
    with ui.element("td").classes("ws-number"):
        if clock.share is None:
            words("span", "–")
            return
        state("bad" if clock.missed else "ok", _share(clock.share))
        if clock.missed:
            words("div", _("missed: {count}").format(count=clock.missed)).classes("ws-sub")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"
