"""Draws counts of machines by hour of the week, as a table of shades."""

from typing import Final

from nicegui.element import Element

from center.console.language import Language
from center.console.widgets import moments
from center.errors import marked
from provisioning.contracts.query.search import MachineCounts

DAYS: Final = (
    marked("Mon"),
    marked("Tue"),
    marked("Wed"),
    marked("Thu"),
    marked("Fri"),
    marked("Sat"),
    marked("Sun"),
)


class Week(Element, component="week.js"):
    """A table, filled by `show`. Hours are of the archive's clock."""

    def __init__(self, _: Language) -> None:
        super().__init__()
        self._props["words"] = {
            "label": _("Vehicles by hour of the week ({zone})").format(zone=moments.ZONE_TEXT),
            "machines": _("{count} vehicles"),
            "days": [_(day) for day in DAYS],
        }

    def show(self, counts: MachineCounts) -> None:
        """Shows counts in place of the previous ones."""
        self._props["hours"] = {each.weekday * 24 + each.hour: sum(each.machines.values()) for each in counts.week}
        self.update()
