"""Independent face detectors at fixed thresholds that judge published pictures.

Haar and the catalog's audit model take no part in redaction. A picture counts as safe when none of them finds a face
where one was. The audit model's runtime is installed for development only, and only for x86-64.
"""

from itertools import product
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import Box as Rect
from engines.errors import ExtraMissing
from engines.manifest import Kind

Image = NDArray[np.uint8]

CENTERFACE_SCORE: Final = 0.35
YUNET_SCORE: Final = 0.45
AUDIT_SCORE: Final = 0.5
HAAR_NEIGHBOURS: Final = 4
AUDIT_SIDE: Final = 192
AUDIT_GRID: Final = 48


class Audit:
    """The detectors, by name.

    Raises:
        engines.errors.EngineError: a model or the runtime of one is not here; the text says what brings it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._audits = [_Audit(manifest.name, catalog) for manifest in catalog.manifests(Kind.AUDIT)]
        self._centerface = Detector.load(catalog, "centerface", threads=2)
        self._yunet = Detector.load(catalog, "yunet", threads=2)
        self._cascades = [
            cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))
            for name in ("haarcascade_frontalface_default.xml", "haarcascade_profileface.xml")
        ]

    def hits(self, image: Image) -> dict[str, list[Rect]]:
        """Detect faces with each detector; boxes in pixels of `image`."""
        return {
            "haar": self._haar(image),
            **{audit.name: audit.tiles(image) for audit in self._audits},
            "centerface": [d.box for d in self._centerface.detect(image, thresholds={"face": CENTERFACE_SCORE})],
            "yunet": [d.box for d in self._yunet.detect(image, thresholds={"face": YUNET_SCORE})],
        }

    def _haar(self, image: Image) -> list[Rect]:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        found: list[Rect] = []
        for cascade in self._cascades:
            for x, y, w, h in cascade.detectMultiScale(grey, 1.1, HAAR_NEIGHBOURS, minSize=(20, 20)):
                found.append(Rect(float(x), float(y), float(x + w), float(y + h)))
        return found


class _Audit:
    """A full-range face detector of 192 px: boxes and scores on a grid of 48 × 48."""

    def __init__(self, name: str, catalog: Catalog) -> None:
        self.name = name
        try:
            # A native library without types: its interpreter is a plain callable from tensor to tensors.
            from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - only where the audit runs
        except ImportError as error:
            raise ExtraMissing("ai_edge_litert", "dev") from error
        self._interpreter: Any = Interpreter(model_content=catalog.read(name), num_threads=2)
        self._interpreter.allocate_tensors()

    def tiles(self, image: Image) -> list[Rect]:
        """Detect in the whole picture and in 2×2 and 4×3 tiles: the model misses faces under a tenth of its input."""
        height, width = image.shape[:2]
        found: list[Rect] = []
        for across, down in ((1, 1), (2, 2), (4, 3)):
            w, h = min(width, int(width / across * 1.2)), min(height, int(height / down * 1.2))
            for x, y in product(_starts(width, w, across), _starts(height, h, down)):
                found += [Rect(r.x0 + x, r.y0 + y, r.x1 + x, r.y1 + y) for r in self._once(image[y : y + h, x : x + w])]
        return found

    def _once(self, image: Image) -> list[Rect]:
        height, width = image.shape[:2]
        scale = AUDIT_SIDE / max(height, width)
        small = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
        canvas = np.zeros((AUDIT_SIDE, AUDIT_SIDE, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        tensor = (canvas[:, :, ::-1].astype(np.float32) / 127.5 - 1)[None]
        self._interpreter.set_tensor(self._interpreter.get_input_details()[0]["index"], tensor)
        self._interpreter.invoke()
        outputs = [self._interpreter.get_tensor(d["index"])[0] for d in self._interpreter.get_output_details()]
        boxes = next(o for o in outputs if o.shape[1] > 1)
        scores = 1 / (1 + np.exp(-np.clip(next(o for o in outputs if o.shape[1] == 1)[:, 0], -100, 100)))
        rows, columns = np.divmod(np.arange(AUDIT_GRID**2), AUDIT_GRID)
        found = []
        for cell in np.flatnonzero(scores >= AUDIT_SCORE):
            x = (columns[cell] + 0.5) / AUDIT_GRID * AUDIT_SIDE + boxes[cell, 0]
            y = (rows[cell] + 0.5) / AUDIT_GRID * AUDIT_SIDE + boxes[cell, 1]
            w, h = boxes[cell, 2] / 2, boxes[cell, 3] / 2
            found.append(Rect(*(float(v / scale) for v in (x - w, y - h, x + w, y + h))))
        return found


def _starts(side: int, part: int, count: int) -> list[int]:
    return [0] if count == 1 else [round(i * (side - part) / (count - 1)) for i in range(count)]
