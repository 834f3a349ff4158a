"""Reads a time in the outer bands of a picture. No text and no pixel leaves it: a `datetime`, or None."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.clock_text.grammar import times
from edge_agent.redactor.cover import Image, Rect
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.runtimes.engine import Engine
from provisioning.contracts.config.camera import CLOCK_BAND, Area

LINES: Final = "pp-ocr-v4-text"
SIGNS: Final = "pp-ocr-v4-clock"
LEAST_SURE: Final = 0.5
"""Least probability of each sign but spaces."""
_SEARCHED_PX: Final = 1920
"""Width to which a wider band is shrunk for the search of lines; they are read in their own pixels."""
_LINE_PX: Final = 48
"""Height of a line, as the recogniser was trained."""
_MOST_WIDE: Final = 40
"""Width of the longest line in its heights."""
_LEAST_WIDE: Final = 5
"""Width of the shortest date with a time, in its heights."""
_LEAST_PX: Final = 8
_MOST_LINES: Final = 6
"""Lines that are read in one band, the longest first."""
_SAME_ROW: Final = 0.6
_GAP: Final = 2.5
"""Largest gap within a line, in its heights: a date and a time may stand apart."""


class TimeReader:
    """Reads times with two models: the lines of text, and the signs of dates and times. Thread-safe, as they are."""

    def __init__(self, lines: Detector, signs: Engine, alphabet: str, tensors: tuple[str, str]) -> None:
        """`tensors`: names of the recogniser's input and output."""
        self._lines = lines
        self._signs = signs
        self._alphabet = alphabet
        self._input, self._output = tensors

    @classmethod
    def load(cls, catalog: Catalog) -> Self:
        """Loads the models. Raises EngineError."""
        manifest = catalog.manifest(SIGNS)
        assert manifest.input is not None  # noqa: S101 - its manifest is shipped with this code
        assert manifest.reading is not None  # noqa: S101 - the same
        tensors = (manifest.input.tensor, manifest.reading.output)
        return cls(Detector.load(catalog, LINES), catalog.load(SIGNS), manifest.reading.signs, tensors)

    def read(self, image: Image, near: datetime, area: Area | None = None) -> datetime | None:
        """Reads the one local time that the outer bands of a picture (H×W×3, BGR) show; None: none, or several.

        `area` (shares of the picture) narrows the search further. Of day and month that may be exchanged the date that
        is nearer to `near` is meant. Raises EngineError.
        """
        found = {
            min(meant, key=lambda each: abs(each - near))
            for band in _bands(image, area)
            for line in self._lines_of(band)
            if (meant := times(self._signs_of(line)))
        }
        earliest = min(found, default=None)
        # One line may be found whole and without its tenths.
        return earliest if earliest is not None and max(found) - earliest < timedelta(seconds=1) else None

    def _lines_of(self, band: Image) -> Iterator[Image]:
        scale = min(1.0, _SEARCHED_PX / band.shape[1])
        boxes = [Rect(*each.box) for each in self._lines.detect_pieces(band, scale=scale)]
        rows = [row for row in _rows(boxes) if row not in boxes]
        likely = [box for box in (*rows, *boxes) if box.height >= _LEAST_PX and box.width >= _LEAST_WIDE * box.height]
        for box in sorted(likely, key=lambda each: -each.width)[:_MOST_LINES]:
            x0, y0, x1, y1 = (
                max(0, math.floor(box.x0)),
                max(0, math.floor(box.y0)),
                math.ceil(box.x1),
                math.ceil(box.y1),
            )
            yield band[y0:y1, x0:x1]

    def _signs_of(self, line: Image) -> str:
        """Recognises a line; empty if a sign is none of a date or time, or doubtful."""
        height, width = line.shape[:2]
        wide = round(min(max(width / height, 1), _MOST_WIDE) * _LINE_PX)
        scaled = cv2.resize(line, (wide, _LINE_PX), interpolation=cv2.INTER_LINEAR)
        tensor = (scaled.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        return _decoded(self._signs.run({self._input: np.ascontiguousarray(tensor)})[self._output][0], self._alphabet)


def _decoded(odds: NDArray[np.float32], alphabet: str) -> str:
    """Decodes steps × (blank, alphabet) as CTC does."""
    other = 1 - odds.sum(axis=1, keepdims=True)
    best = np.concatenate([odds, other], axis=1).argmax(axis=1)
    if (best == odds.shape[1]).any():
        return ""
    signs: list[str] = []
    before = 0
    for step, sign in enumerate(best):
        if sign not in {0, before}:
            surest = float(odds[step : step + _run(best, step), sign].max())
            if surest < LEAST_SURE and alphabet[sign - 1] != " ":
                return ""
            signs.append(alphabet[sign - 1])
        before = sign
    return "".join(signs)


def _run(best: NDArray[np.int64], step: int) -> int:
    """Counts the steps from here on that have the same sign."""
    others = np.flatnonzero(best[step:] != best[step])
    return int(others[0]) if len(others) else len(best) - step


def _bands(image: Image, area: Area | None) -> Iterator[Image]:
    height, width = image.shape[:2]
    band = round(CLOCK_BAND * height)
    left, top, right, bottom = (0.0, 0.0, 1.0, 1.0) if area is None else area
    x0, y0, x1, y1 = (round(left * width), round(top * height), round(right * width), round(bottom * height))
    for first, last in ((0, band), (height - band, height)):
        part = image[max(first, y0) : min(last, y1), x0:x1]
        if part.shape[0] >= _LEAST_PX and part.shape[1] >= _LEAST_PX * _LEAST_WIDE:
            yield np.ascontiguousarray(part)


def _rows(boxes: Sequence[Rect]) -> list[Rect]:
    """Joins lines that stand side by side at one height."""
    rows: list[Rect] = []
    for box in sorted(boxes, key=lambda each: each.x0):
        for number, row in enumerate(rows):
            shared = min(row.y1, box.y1) - max(row.y0, box.y0)
            if shared >= _SAME_ROW * min(row.height, box.height) and box.x0 - row.x1 <= _GAP * row.height:
                rows[number] = Rect(row.x0, min(row.y0, box.y0), max(row.x1, box.x1), max(row.y1, box.y1))
                break
        else:
            rows.append(box)
    return rows
