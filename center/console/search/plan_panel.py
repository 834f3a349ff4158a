"""Draws a query plan: table, index and rows of each day."""

from nicegui import ui

from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import labelled, words
from center.search.explain import SearchPlanView


def draw(plan: SearchPlanView, asked_at_ms: int, _: Language) -> None:
    """Draws the plan into the element that is open."""
    tables = {"snapshots": _("Pictures"), "objects": _("Machines")}
    with ui.element("div").classes("ws-panel ws-search-plan"):
        words("span", _("Filters are exact: an index leads to rows faster, and never leaves one out."))
        with labelled("table", _("How was this searched?")).classes("ws-table"):
            with ui.element("thead"), ui.element("tr"):
                for head in (_("Day"), _("Table"), _("Rows"), _("Matching"), _("Indexes used")):
                    words("th", head)
            with ui.element("tbody"):
                for day in plan.days:
                    with ui.element("tr"):
                        words("td", f"{day.day[:4]}-{day.day[4:6]}-{day.day[6:]}")
                        words("td", tables.get(day.table, day.table))
                        words("td", "–" if day.rows is None else f"{day.rows:,}")
                        words("td", f"{day.matching:,}")
                        words("td", ", ".join(day.indexes) or _("None: every row is read"))
        if plan.days_without:
            days = ", ".join(plan.days_without)
            words("span", _("These days do not hold what is asked for: {days}").format(days=days))
        words("span", _("Asked at {time}").format(time=moments.local(asked_at_ms))).classes("ws-muted")
