"""Chooses a rule's area in the picture: a zone that the agent's configuration names, or a shape that is drawn."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from center.alarms.rules.kinds import FormField
from center.console.alarms.newest import NewestPictures
from center.console.frame import problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.picture import picture_path
from center.console.widgets.shape import LEAST, Corner, Shape, fault_of
from center.errors import CenterError, marked

SIDES: Final = {
    "": marked("Either side"),
    "left": marked("Left of the direction 1 → 2"),
    "right": marked("Right of the direction 1 → 2"),
}


class RuleShape:
    """The fields of one kind. `what` are the rule's parameters if it is of this kind already."""

    def __init__(
        self,
        pictures: NewestPictures,
        titles: Mapping[str, str],
        _: Language,
        kind: str,
        place: FormField | None,
        what: Mapping[str, Any],
        *,
        changed: Callable[[], object],
    ) -> None:
        """`titles` names cameras by `agent/camera`. `place` None: the shape is drawn, and no configuration names it.

        `changed` is called when the drawn shape changes.
        """
        self._pictures, self._titles, self._ = pictures, titles, _
        self._name, self._changed = None if place is None else place.name, changed
        self._line, self._heads = kind == "line_crossing", kind == "wrong_way"
        self._corners = _corners(what)
        self._camera = ""
        named = place is not None and bool(what) and not self._corners
        self._where = ui.select(
            {"drawn": _("Drawn on the picture")} | ({} if place is None else {"named": _(place.label)}),
            label=_("Shape"),
            value="named" if named else "drawn",
            on_change=self._choose,
        ).props("outlined dense options-dense")
        self._where.set_visibility(place is not None)
        name = "" if self._name is None else what.get(self._name) or ""
        self._named = ui.input(_("Name in the configuration"), value=name).props("outlined dense")
        self._side = ui.select({value: _(text) for value, text in SIDES.items()}, label=_("Direction"))
        self._side.set_value(what.get("to") or "")
        self._heading = ui.number(
            _("Direction of traffic (degrees: 0 up, 90 right)"), value=what.get("heading_deg") or 0, min=0, max=359
        )
        for field in (self._side, self._heading):
            field.props("outlined dense")
        with ui.element("div").classes("ws-shape-box") as self._box:
            self._of = words("p", _("Choose a camera to draw on its picture.")).classes("ws-muted")
            self._trouble = ui.element("div")
            self._shape = Shape(_, line=self._line, drawn=self._corners, on_change=self._drawn)
            self._shape.picture(None, note=_("No camera selected"))
        self._choose()

    async def draw_on(self, places: Sequence[str], *, shared: bool = True) -> None:
        """Draws on the newest redacted picture of the first of these cameras (`agent/camera`).

        `shared`: the shape is for each camera of the rule.
        """
        _, place = self._, places[0] if places else ""
        if place == self._camera:
            return
        self._camera = place
        self._trouble.clear()
        if not place:
            self._of.set_text(_("Choose a camera to draw on its picture."))
            self._shape.picture(None, note=_("No camera selected"))
            return
        title, found = self._titles.get(place, place), None
        try:
            found = await self._pictures.find(place)
        except CenterError as error:
            with self._trouble:
                problem(error, _, tone="warn")
        if self._camera != place:
            return
        if found is None:
            self._of.set_text(_("{camera} has no picture yet; draw on the blank area instead.").format(camera=title))
            self._shape.picture(None, note=title)
            return
        row_key, at_ms = found
        said = _("Latest picture of {camera}, {time}.")
        if shared:
            said = _("Latest picture of {camera}, {time}. The shape applies to every selected camera.")
        self._of.set_text(said.format(camera=title, time=moments.local(at_ms)))
        self._shape.picture(picture_path(row_key), alt=title)

    def parameters(self) -> dict[str, Any]:
        """Reads the parameters from the fields."""
        drawn = self.is_drawn
        what: dict[str, Any] = {}
        if self._name is not None:
            what[self._name] = None if drawn else (self._named.value or "").strip() or None
        if self._line:
            ends = [list(corner) for corner in self._corners]
            what["segment"] = {"start": ends[0], "end": ends[1]} if drawn and len(ends) == LEAST[True] else None
            what["to"] = self._side.value or None
        else:
            what["polygon"] = [list(corner) for corner in self._corners] if drawn else None
        if self._heads:
            what["heading_deg"] = float(self._heading.value or 0) if drawn else None
        return what

    @property
    def is_drawn(self) -> bool:
        """True if the shape is drawn, False if the agent's configuration has it."""
        return bool(self._where.value == "drawn")

    def fault(self) -> str:
        """Returns the fault of the drawn shape; empty for none."""
        if not self.is_drawn:
            return ""
        if len(self._corners) < LEAST[self._line]:
            if self._line:
                return self._("Draw a line with two end points first.")
            return self._("Draw a zone with at least three corners first.")
        return fault_of(self._corners, self._, line=self._line)

    def _drawn(self, corners: tuple[Corner, ...]) -> None:
        self._corners = corners
        self._changed()

    def _choose(self) -> None:
        drawn = self.is_drawn
        self._named.set_visibility(not drawn)
        self._box.set_visibility(drawn)
        self._side.set_visibility(self._line)
        self._heading.set_visibility(self._heads and drawn)


def _corners(what: Mapping[str, Any]) -> tuple[Corner, ...]:
    """Reads the shape from a rule's parameters."""
    segment = what.get("segment")
    drawn = [segment["start"], segment["end"]] if segment else what.get("polygon") or ()
    return tuple((float(x), float(y)) for x, y in drawn)
