"""A redactor without models that paints the boxes it is told, for tests of what lies around the recipe."""

import hashlib
from collections.abc import Callable, Sequence

import cv2

from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import Redacted, Selected
from edge_agent.redactor.cover import COLOUR
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import Box
from tests.edge_agent.world import redacted

Boxes = Callable[[int], Sequence[tuple[int, int, int, int]] | None]
"""Number of the picture → what to paint; None: it fails."""


class Painter:
    """See `Redact`. `lies` claims the cover and does not paint it."""

    def __init__(self, boxes: Boxes, *, lies: bool = False) -> None:
        self._boxes = boxes
        self._lies = lies
        self.seen: list[Selected] = []

    def redact(self, selected: Selected) -> Redacted:
        self.seen.append(selected)
        boxes = self._boxes(len(self.seen) - 1)
        if boxes is None:
            raise RedactionUnavailable(DropReason.SECOND_LOOK, OTHER(detail="a face is still found"))
        image = selected.frame.image.copy()
        for x0, y0, x1, y1 in boxes:
            if not self._lies:
                image[y0:y1, x0:x1] = COLOUR
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        made = redacted(selected.frame, jpeg)
        height, width = image.shape[:2]
        regions = tuple(Box(x0=x0, y0=y0, x1=x1, y1=y1) for x0, y0, x1, y1 in boxes)
        facts = made.snapshot.redaction.model_copy(update={"regions": regions, "models": {"painter": "0" * 64}})
        picture = made.snapshot.picture.model_copy(
            update={"width": width, "height": height, "sha256": hashlib.sha256(jpeg).hexdigest()}
        )
        return Redacted(made.snapshot.model_copy(update={"redaction": facts, "picture": picture}), jpeg)


def whole(_: int) -> list[tuple[int, int, int, int]]:
    """Everything up to 4096 px is paint."""
    return [(0, 0, 4096, 4096)]


def nothing(_: int) -> list[tuple[int, int, int, int]]:
    return []
