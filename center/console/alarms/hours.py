"""Edits hours of the week in a form: the usual choice (always, or never), or spans of days and times."""

from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui
from pydantic import ValidationError

from center.alarms.rules.rule import MAX_SPANS, Hours, WeekSpan
from center.console.language import Language
from center.console.widgets.markup import words
from center.console.widgets.several import SeveralSelect
from center.console.widgets.week import DAYS

_FIELDS: Final = "outlined dense options-dense"
_NEW_SPAN: Final = ("08:00", "18:00")


class HoursEditor:
    """Draws at its place of construction. `usual` are the hours of a rule that names none, called `usual_name`."""

    def __init__(self, _: Language, label: str, usual: Hours, usual_name: str, hours: Hours) -> None:
        self._, self._label, self._usual, self._offset = _, label, usual, hours.offset_minutes
        self._rows: list[tuple[ui.element, ui.select, ui.input, ui.input]] = []
        own = hours.spans != usual.spans
        with ui.element("div").classes("ws-hours"):
            options = {"usual": usual_name, "own": _("Certain hours")}
            self._mode = ui.select(options, label=label, value="own" if own else "usual", on_change=self._choose)
            self._mode.props(_FIELDS)
            with ui.element("div").classes("ws-hours-own") as self._own:
                self._list = ui.element("div").classes("ws-hours-own")
                zone = f"{'-' if self._offset < 0 else '+'}{abs(self._offset) // 60:02}:{abs(self._offset) % 60:02}"
                note = _("Times in {zone}, 00:00 to 24:00. An end before the start is on the next day.")
                words("div", note.format(zone=zone)).classes("ws-sub")
                ui.button(_("Add hours"), color=None, on_click=self._add).props("outline dense no-caps")
        for span in hours.spans if own else ():
            self._draw(span.days, span.begins, span.ends)
        self._choose()

    def value(self) -> dict[str, Any]:
        """Reads the hours as a rule's text has them."""
        if self._mode.value == "usual":
            return self._usual.model_copy(update={"offset_minutes": self._offset}).model_dump(mode="json")
        spans = [
            {"days": sorted(days.value), "begins": begins.value or "", "ends": ends.value or ""}
            for _row, days, begins, ends in self._rows
        ]
        return {"spans": spans, "offset_minutes": self._offset}

    def fault(self) -> str:
        """Returns what is wrong in the hours; empty for nothing."""
        if self._mode.value == "usual":
            return ""
        _, spans = self._, self.value()["spans"]
        if not spans:
            return _("{label}: add hours.").format(label=self._label)
        try:
            for span in spans:
                WeekSpan.model_validate(span)
        except ValidationError:
            wrong = _("{label}: choose days, and enter two different times such as 08:00 and 18:00.")
            return wrong.format(label=self._label)
        return ""

    def _choose(self) -> None:
        own = self._mode.value == "own"
        self._own.set_visibility(own)
        if own and not self._rows:
            self._add()

    def _add(self) -> None:
        if len(self._rows) < MAX_SPANS:
            self._draw(range(len(DAYS)), *_NEW_SPAN)

    def _draw(self, chosen: Sequence[int], begins: str, ends: str) -> None:
        _ = self._
        with self._list, ui.element("div").classes("ws-hours-span") as row:
            names = {day: _(name) for day, name in enumerate(DAYS)}
            days = SeveralSelect(names, label=_("Days"), value=chosen).props(_FIELDS)
            first = ui.input(_("Start"), value=begins).props("outlined dense mask=##:##")
            last = ui.input(_("End"), value=ends).props("outlined dense mask=##:##")
            entry = (row, days, first, last)
            remove = ui.button(icon="close", color=None, on_click=lambda: self._remove(entry)).props("flat dense")
            remove.props["aria-label"] = _("Remove hours")
        self._rows.append(entry)

    def _remove(self, entry: tuple[ui.element, ui.select, ui.input, ui.input]) -> None:
        self._rows.remove(entry)
        entry[0].delete()
