"""Shows observations as a grid of pictures; only those in view are drawn, and more are asked for on scrolling."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from nicegui.element import Element

from center.access.permissions import CameraKey
from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.picture import page_path, picture_path
from center.search.views import ObservationView
from provisioning.contracts.wire.messages import PictureState

CARD_SIDE_PX: Final = 480
SEEN_S: Final = 10.0
"""Seconds that `seen` waits once the page is connected."""


class Results(Element, component="results.js"):
    """A grid, filled by `put`. `on_more` is called near the end of the grid while there is more.

    Arrow keys, Home and End go from picture to picture; Enter opens one.
    """

    def __init__(self, _: Language, *, on_more: Callable[[], object]) -> None:
        super().__init__()
        self._language = _
        self._props["words"] = {
            "label": _("Results"),
            "failed": _("The picture could not be loaded."),
        }
        self.on("more", lambda _event: on_more())

    def put(self, found: Iterable[ObservationView], names: Mapping[CameraKey, str], *, more: bool, first: bool) -> None:
        """Shows more observations, or with `first` these in place of all others."""
        items = [_item(each, names, self._language) for each in found]
        self.run_method("put", items, more, first)

    async def wait_until_drawn(self) -> None:
        """Waits until the browser has drawn the pictures in view, at most `SEEN_S`."""
        with suppress(TimeoutError):
            await self.run_method("seen", timeout=SEEN_S)


def _item(found: ObservationView, names: Mapping[CameraKey, str], _: Language) -> dict[str, object]:
    classes = [machine.cls for machine in found.machines]
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
        "boxes": labels.boxes(((m.index, m.cls, m.score, m.box) for m in found.machines), _),
        "camera": camera,
        "what": labels.summary(classes, _) or _("No vehicle"),
        "time": moments.local(found.captured_at_ms),
        "utc": moments.utc(found.captured_at_ms),
    }
