"""Lets independent face detectors judge published pictures, at fixed thresholds.

Haar and the catalog's audit model take no part in redaction. A picture counts as safe when none of them finds a face
where one was. What they need is installed for development only: the audit model's runtime, which is there for x86-64
alone, and an OpenCV before 5, which dropped Haar.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from edge_agent.evaluation.score import COVERED_FROM, Mask, share_in
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
INNER: Final = 0.8
"""Share of each side, around the middle, that is the inner part of a box: a hit counts if it touches that."""


@dataclass(slots=True)
class Hits:
    """Counts one detector's hits in published pictures."""

    on_uncovered: int = 0
    """Touching a labelled face that is not covered: a leak."""
    on_covered: int = 0
    """Touching a covered face: the detector fires on the edge of the paint or on what is beside it."""
    elsewhere: int = 0

    def add(self, found: Iterable[Rect], faces: Sequence[Rect], mask: Mask) -> None:
        """Count the hits in one picture; `mask` is its paint."""
        for hit in found:
            met = [face for face in faces if on_face(hit, face)]
            if any((share_in(face, mask) or 0.0) < COVERED_FROM for face in met):
                self.on_uncovered += 1
            elif met:
                self.on_covered += 1
            else:
                self.elsewhere += 1


class Audit:
    """Runs the detectors, and counts by name what each finds in the pictures that it is a witness of.

    Raises:
        engines.errors.EngineError: a model or the runtime of one is not here; the text says what brings it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.counts: dict[str, Hits] = {}
        self._audits = [_Audit(manifest.name, catalog) for manifest in catalog.manifests(Kind.AUDIT)]
        self._centerface = Detector.load(catalog, "centerface", threads=2)
        self._yunet = Detector.load(catalog, "yunet", threads=2)
        self._cascades = [
            cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))
            for name in ("haarcascade_frontalface_default.xml", "haarcascade_profileface.xml")
        ]

    def witness(self, image: Image, faces: Sequence[Rect], mask: Mask) -> None:
        """Count the hits of each detector in a published picture."""
        for name, found in self.hits(image).items():
            self.counts.setdefault(name, Hits()).add(found, faces, mask)

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts by detector."""
        return {
            name: {"on_uncovered_faces": h.on_uncovered, "on_covered_faces": h.on_covered, "elsewhere": h.elsewhere}
            for name, h in self.counts.items()
        }

    def show(self, out: Console) -> None:
        """Print a line for each detector."""
        for name, hits in self.counts.items():
            out.print(
                f"{name}: {hits.on_uncovered} hits on uncovered faces, {hits.on_covered} on covered ones, "
                f"{hits.elsewhere} elsewhere",
                highlight=False,
            )

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


def on_face(hit: Rect, face: Rect) -> bool:
    """True if a hit touches the inner part of a face."""
    dx, dy = face.width * (1 - INNER) / 2, face.height * (1 - INNER) / 2
    return hit.x0 < face.x1 - dx and face.x0 + dx < hit.x1 and hit.y0 < face.y1 - dy and face.y0 + dy < hit.y1


def overlapping(hits: Iterable[Rect], faces: Iterable[Rect]) -> list[Rect]:
    """Return the hits that lie on a labelled face."""
    labelled = tuple(faces)
    return [hit for hit in hits if any(on_face(hit, face) for face in labelled)]
