"""Draws a shape in a camera's redacted picture: a zone's corners or a line's ends, as shares of width and height.

The shape is drawn by clicks, dragged, or written as numbers; its faults are shown at once, by the rules that the alarm
rule itself is checked with (`center.alarms.rules.shapes`).
"""

from collections.abc import Callable
from typing import Final

from nicegui.element import Element
from nicegui.events import GenericEventArguments
from pydantic import TypeAdapter, ValidationError

from center.alarms.rules.shapes import MAX_POINTS, Line, Polygon
from center.console.language import Language
from center.errors import marked

Corner = tuple[float, float]
LEAST: Final = {False: 3, True: 2}
"""Least number of points of a zone (False), and of a line (True)."""
_POLYGON: Final[TypeAdapter[tuple[Corner, ...]]] = TypeAdapter(Polygon)
_FAULTS: Final = {
    "polygon_repeats": marked("Two corners are at the same point: move or remove one."),
    "polygon_crosses": marked(
        "The outline crosses itself: sides {first} and {second} intersect. Set the corners in order."
    ),
    "polygon_small": marked("The zone is too small for any vehicle: draw it larger."),
    "line_short": marked("Both ends of the line are at the same point: draw it longer."),
}


class Shape(Element, component="shape.js"):
    """`line`: two ends in place of three corners or more. `on_change` gets the drawn points, complete or not."""

    def __init__(
        self, _: Language, *, line: bool, drawn: tuple[Corner, ...], on_change: Callable[[tuple[Corner, ...]], object]
    ) -> None:
        super().__init__()
        self._language, self._line, self._on_change = _, line, on_change
        self._props["line"] = line
        self._props["most"] = 2 if line else MAX_POINTS
        self._props["drawn"] = [list(corner) for corner in drawn]
        self._props["words"] = {
            "how": _("Click in the picture to set corners in order. Drag a corner, or move it with the arrow keys."),
            "how_line": _("Click in the picture to set start and end. Drag them, or move them with the arrow keys."),
            "undo": _("Undo"),
            "clear": _("Clear"),
            "add": _("Add corner"),
            "remove": _("Remove corner"),
            "corner": _("Corner"),
            "across": _("Left"),
            "down": _("Top"),
            "colon": _.colon,
            "failed": _("The picture could not be loaded."),
        }
        self.on("shape", self._changed)

    def picture(self, src: str | None, *, alt: str = "", note: str = "") -> None:
        """Sets the picture to draw on; without `src` an empty sheet with the text `note`."""
        self._props["src"], self._props["alt"], self._props["note"] = src, alt, note
        self.update()

    def _changed(self, event: GenericEventArguments) -> None:
        corners = corners_of(event.args)
        if corners is None:
            return
        # The browser holds the drawn points: of what it is sent back only `fault` counts.
        self._props["fault"] = fault_of(corners, self._language, line=self._line)
        self.update()
        self._on_change(corners)


def corners_of(said: object) -> tuple[Corner, ...] | None:
    """Reads the drawn points from a browser's event, None if they are no shape at all."""
    if not isinstance(said, list) or len(said) > MAX_POINTS:
        return None
    corners = []
    for pair in said:
        match pair:
            case [int() | float() as x, int() | float() as y] if 0 <= x <= 1 and 0 <= y <= 1:
                corners.append((float(x), float(y)))
            case _:
                return None
    return tuple(corners)


def fault_of(corners: tuple[Corner, ...], _: Language, *, line: bool) -> str:
    """Returns the fault of a shape that has points enough to be one; empty for none."""
    if len(corners) < LEAST[line]:
        return ""
    try:
        if line:
            Line(start=corners[0], end=corners[1])
        else:
            _POLYGON.validate_python(corners)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        text = _FAULTS[fault["type"]]
        return _(text).format(**fault.get("ctx", {}))
    return ""
