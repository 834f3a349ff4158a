"""Draws a redacted picture with machine boxes, as an element of a page."""

from typing import Final
from urllib.parse import quote

from nicegui.element import Element

from center.console.language import Language
from center.search.pictures import PREVIEW_SIDE_PX

TILE_LABEL_MINIMUM: Final = 0.07
"""Least width of a box, as a share of the picture, that is labelled in an overview: more labels would hide the picture.
"""


def picture_path(row_key: str, *, max_side_px: int | None = None) -> str:
    """Returns the address of the picture, whole or as a preview."""
    path = f"/api/observations/{quote(row_key, safe='')}/picture"
    return path if max_side_px is None else f"{path}?max_side_px={min(max_side_px, PREVIEW_SIDE_PX)}"


def crop_path(row_key: str, index: int) -> str:
    """Returns the address of one machine cut out."""
    return f"/api/observations/{quote(row_key, safe='')}/machines/{index}/crop"


def case_crop_path(number: str, row_key: str, index: int) -> str:
    """Returns the address of one machine cut out, in a case."""
    return f"/api/cases/{quote(number, safe='')}/machines/{quote(row_key, safe='')}/{index}/crop"


def case_picture_path(number: str, row_key: str) -> str:
    """Returns the address of the whole picture of an observation of a case."""
    return f"/api/cases/{quote(number, safe='')}/observations/{quote(row_key, safe='')}/picture"


def case_page_path(number: str, row_key: str) -> str:
    """Returns the address of an observation's page in a case."""
    return f"/cases/{quote(number, safe='')}/observations/{quote(row_key, safe='')}"


def page_path(row_key: str) -> str:
    """Returns the address of an observation's own page."""
    return f"/observations/{quote(row_key, safe='')}"


class Picture(Element, component="picture.js"):
    """Draws `boxes` (see `labels.boxes`) over the picture at `src`, both at one moment.

    Without `src`, or when there is no picture, a sentence stands in its place. `moving`: a picture that is replaced
    again and again, which the browser then draws instead of keeping each as an image.
    """

    def __init__(self, _: Language, *, labels_from: float = 0.0, moving: bool = False) -> None:
        super().__init__()
        # At once, and boxes in a tuple: NiceGUI watches each list and each change, which a wall of pictures pays for.
        self._props.update(
            moving=moving,
            minimum=labels_from,
            waiting=_("Loading…"),
            missing=_("No picture for this observation"),
            failed=_("The picture could not be loaded."),
        )

    def show(self, src: str | None, *, boxes: list[dict[str, object]], alt: str, note: str = "") -> None:
        """Shows another picture with its boxes."""
        self._props.update(boxes=tuple(boxes), alt=alt, note=note, src=src)
