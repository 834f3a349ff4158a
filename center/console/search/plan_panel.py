"""Draws a query plan: table, index and rows of each day."""

from nicegui import ui

from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import labelled, words
from center.search.explain import SearchPlanView


def draw(plan: SearchPlanView, asked_at_ms: int, _: Language) -> None:
    """Draws the plan into the element that is open."""
    tables = {"snapshots": _("Pictures"), "objects": _("Vehicles")}
    with ui.element("div").classes("ws-panel ws-search-plan"):
        words("span", _("Filters are exact: an index only speeds up the search and never leaves out a row."))
        with labelled("table", _("Search details")).classes("ws-table"):
            with ui.element("thead"), ui.element("tr"):
                for head in (_("Day"), _("Table"), _("Rows"), _("Matches"), _("Indexes used")):
                    words("th", head)
            with ui.element("tbody"):
                for day in plan.days:
                    with ui.element("tr"):
                        words("td", f"{day.day[:4]}-{day.day[4:6]}-{day.day[6:]}")
                        words("td", tables.get(day.table, day.table))
                        words("td", "–" if day.rows is None else f"{day.rows:,}")
                        words("td", f"{day.matching:,}")
                        words("td", ", ".join(day.indexes) or _("None (full scan)"))
        if plan.days_without:
            days = ", ".join(plan.days_without)
            words("span", _("Days without the requested data: {days}").format(days=days))
        words("span", _("Queried at {time}").format(time=moments.local(asked_at_ms))).classes("ws-muted")
