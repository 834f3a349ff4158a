"""Shows shapes in a camera's redacted picture, each with its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui.element import Element

from center.console.language import Language
from center.console.widgets.shape import Corner


@dataclass(frozen=True, slots=True)
class NamedShape:
    """A zone, or a line, with the short name that stands at its first point."""

    name: str
    points: tuple[Corner, ...]
    line: bool = False


class Drawing(Element, component="drawing.js"):
    """Shapes over a picture; without a picture over an empty sheet with the text `note`."""

    def __init__(self, _: Language, shapes: Sequence[NamedShape], *, src: str | None, alt: str, note: str) -> None:
        super().__init__()
        self._props["shapes"] = [
            {"name": shape.name, "points": [list(point) for point in shape.points], "line": shape.line}
            for shape in shapes
        ]
        self._props["words"] = {"failed": _("The picture could not be loaded.")}
        self._props.update(src=src, alt=alt, note=note)
