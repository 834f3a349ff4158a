"""Shows observations as a grid of pictures; only those in view are drawn, and more are asked for on scrolling."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from nicegui.element import Element

from center.access.permissions import CameraKey
from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.picture import page_path, picture_path
from center.search.matching import matches
from center.search.views import ObservationView
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import MachineClass, PictureState

CARD_SIDE_PX: Final = 480
SEEN_S: Final = 60.0
"""Seconds that `seen` waits once the page is connected."""


class Results(Element, component="results.js"):
    """A grid, filled by `put`. `on_more` is called near the end of the grid while there is more.

    Arrow keys, Home and End go from picture to picture; Enter opens one beside the list (`on_open`, with its row key),
    J and K the next and the previous one; Escape closes it (`on_close`).
    """

    def __init__(
        self,
        _: Language,
        *,
        on_more: Callable[[], object],
        on_open: Callable[[str], object],
        on_close: Callable[[], object],
    ) -> None:
        super().__init__()
        self._language = _
        self._props["words"] = {
            "label": _("Results"),
            "failed": _("The picture could not be loaded."),
        }
        self._props["query"] = ""
        self.on("more", lambda _event: on_more())
        self.on("open", lambda event: on_open(str(event.args)))
        self.on("close", lambda _event: on_close())

    def question(self, query: str) -> None:
        """Sets the query that the results' links carry."""
        self._props["query"] = query
        self.update()

    def reveal(self, row_key: str) -> None:
        """Opens this result, if it is among those that were put."""
        self.run_method("reveal", row_key)

    def settle(self) -> None:
        """Scrolls the open result's place in the list into view."""
        self.run_method("settle")

    def walk(self, by: int) -> None:
        """Opens the result so many places after the open one."""
        self.run_method("walk", by)

    def leave(self) -> None:
        """Closes the open result and focuses its place in the list."""
        self.run_method("leave")

    def put(
        self,
        found: Iterable[ObservationView],
        names: Mapping[CameraKey, str],
        wanted: Wanted,
        *,
        more: bool,
        first: bool,
    ) -> None:
        """Shows more observations, or with `first` these in place of all others; marks the machines that match."""
        items = [_item(each, names, wanted, self._language) for each in found]
        self.run_method("put", items, more, first)

    async def wait_until_drawn(self) -> None:
        """Waits until the browser has drawn the pictures in view, at most `SEEN_S`."""
        with suppress(TimeoutError):
            await self.run_method("seen", timeout=SEEN_S)


def _item(found: ObservationView, names: Mapping[CameraKey, str], wanted: Wanted, _: Language) -> dict[str, object]:
    classes, hits = [machine.cls for machine in found.machines], matches(found, wanted)
    boxes = labels.boxes(((m.index, m.cls, m.score, m.box) for m in found.machines), _)
    kept = found.picture is PictureState.KEPT
    camera = names.get(CameraKey(found.agent_id, found.camera_id), found.camera_id)
    return {
        "key": found.row_key,
        "href": page_path(found.row_key),
        "src": picture_path(found.row_key, max_side_px=CARD_SIDE_PX) if kept else "",
        "note": _(labels.PICTURES[found.picture]) if not kept else "",
        "alt": labels.picture_alt(camera, found.captured_at_ms, classes, _),
        "width": found.width,
        "height": found.height,
        "boxes": [box | {"hit": hit} for box, hit in zip(boxes, hits, strict=True)],
        "camera": camera,
        "what": _what(classes, hits, _),
        "time": moments.local(found.captured_at_ms),
        "utc": moments.utc(found.captured_at_ms),
    }


def _what(classes: Sequence[MachineClass], hits: Sequence[bool], _: Language) -> str:
    """Writes counts of the machines that match, and how many others are in the picture."""
    matching = labels.summary((cls for cls, hit in zip(classes, hits, strict=True) if hit), _)
    others = len(classes) - sum(hits)
    said = [matching or _("No vehicle"), *([_("others: {count}").format(count=others)] if others else [])]
    return " · ".join(said)
