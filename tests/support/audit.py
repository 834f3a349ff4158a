"""Other eyes: four face detectors at fixed thresholds that judge what the agent published.

Haar and MediaPipe take no part in redaction. A picture counts as safe when none of them finds a face where one was.
"""

from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.redactor.cover import Rect
from engines.catalog import Catalog
from engines.detector import Detector
from engines.yunet import Yunet

Image = NDArray[np.uint8]

CENTERFACE_SCORE: Final = 0.35
YUNET_SCORE: Final = 0.45
MEDIAPIPE_SCORE: Final = 0.5
HAAR_NEIGHBOURS: Final = 4
MEDIAPIPE_SIDE: Final = 192
MEDIAPIPE_GRID: Final = 48


class Audit:
    """The four detectors, by name."""

    def __init__(self, catalog: Catalog) -> None:
        # A native library without types: its interpreter is a plain callable from tensor to tensors.
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only where the audit runs

        self._mediapipe: Any = Interpreter(model_content=catalog.read("mediapipe-face-full-range"), num_threads=2)
        self._mediapipe.allocate_tensors()
        self._centerface = Detector.load(catalog, "centerface", threads=2)
        self._yunet = Yunet()
        self._cascades = [
            cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))
            for name in ("haarcascade_frontalface_default.xml", "haarcascade_profileface.xml")
        ]

    def hits(self, image: Image) -> dict[str, list[Rect]]:
        """What each detector takes for a face, in pixels of `image`."""
        return {
            "haar": self._haar(image),
            "mediapipe": self._mediapipe_tiles(image),
            "centerface": [Rect(*d.box) for d in self._centerface.detect(image, thresholds={"face": CENTERFACE_SCORE})],
            "yunet": [Rect(*d.box) for d in self._yunet.detect(image, YUNET_SCORE, max_box_px=None)],
        }

    def _haar(self, image: Image) -> list[Rect]:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        found: list[Rect] = []
        for cascade in self._cascades:
            for x, y, w, h in cascade.detectMultiScale(grey, 1.1, HAAR_NEIGHBOURS, minSize=(20, 20)):
                found.append(Rect(float(x), float(y), float(x + w), float(y + h)))
        return found

    def _mediapipe_tiles(self, image: Image) -> list[Rect]:
        """Blind to faces under a tenth of its input: the whole picture, then 2×2 and 4×3 overlapping tiles."""
        height, width = image.shape[:2]
        found: list[Rect] = []
        for across, down in ((1, 1), (2, 2), (4, 3)):
            w, h = min(width, int(width / across * 1.2)), min(height, int(height / down * 1.2))
            for x, y in product(_starts(width, w, across), _starts(height, h, down)):
                found += [
                    Rect(r.x0 + x, r.y0 + y, r.x1 + x, r.y1 + y)
                    for r in self._mediapipe_once(image[y : y + h, x : x + w])
                ]
        return found

    def _mediapipe_once(self, image: Image) -> list[Rect]:
        height, width = image.shape[:2]
        scale = MEDIAPIPE_SIDE / max(height, width)
        small = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
        canvas = np.zeros((MEDIAPIPE_SIDE, MEDIAPIPE_SIDE, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        tensor = (canvas[:, :, ::-1].astype(np.float32) / 127.5 - 1)[None]
        self._mediapipe.set_tensor(self._mediapipe.get_input_details()[0]["index"], tensor)
        self._mediapipe.invoke()
        outputs = [self._mediapipe.get_tensor(d["index"])[0] for d in self._mediapipe.get_output_details()]
        boxes = next(o for o in outputs if o.shape[1] > 1)
        scores = 1 / (1 + np.exp(-np.clip(next(o for o in outputs if o.shape[1] == 1)[:, 0], -100, 100)))
        rows, columns = np.divmod(np.arange(MEDIAPIPE_GRID**2), MEDIAPIPE_GRID)
        found = []
        for cell in np.flatnonzero(scores >= MEDIAPIPE_SCORE):
            x = (columns[cell] + 0.5) / MEDIAPIPE_GRID * MEDIAPIPE_SIDE + boxes[cell, 0]
            y = (rows[cell] + 0.5) / MEDIAPIPE_GRID * MEDIAPIPE_SIDE + boxes[cell, 1]
            w, h = boxes[cell, 2] / 2, boxes[cell, 3] / 2
            found.append(Rect(*(float(v / scale) for v in (x - w, y - h, x + w, y + h))))
        return found


def overlapping(hits: Iterable[Rect], faces: Iterable[Rect]) -> list[Rect]:
    """The hits that touch the inner part of a labelled face (its box shrunk to 0.8)."""
    inner = [face.grown(0.8) for face in faces]
    return [hit for hit in hits if any(_touch(hit, face) for face in inner)]


def _touch(one: Rect, other: Rect) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1


def _starts(side: int, part: int, count: int) -> list[int]:
    return [0] if count == 1 else [round(i * (side - part) / (count - 1)) for i in range(count)]
