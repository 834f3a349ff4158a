"""Finds the lines of text in a pushed picture: checkpoint cameras write plate numbers, times and places into theirs.

Such lines stand anywhere, and a single picture cannot show that they stay. So every line of text is covered, also the
street's own (a shop's name). No text is read.
"""

from typing import Final

from edge_agent.redactor.cover import Image, Rect
from engines.detection.detector import Detector

SEARCHED_PX: Final = 1_200_000
"""Pixels to which a picture is shrunk for the search: 1080p by .76.

Of 72 lines each of 12, 16, 20 and 28 px drawn into enlarged tuning photographs, 65, 69, 70 and 71 are found, for 370 ms
of one core. With 700,000 pixels it is 43, 59, 62 and 70, for 214 ms.
"""
SMALLEST_SCALE: Final = 0.5
"""Smallest scale for a larger picture, so that its lines of 24 px are found as 1080p's lines of 16."""
MARGIN: Final = 0.2
"""Margin around a line, in its heights."""


def text_lines(image: Image, detector: Detector) -> list[Rect]:
    """Find lines of text in a picture of any size (H×W×3, BGR), in its pixels. Raises EngineError."""
    height, width = image.shape[:2]
    scale = min(1.0, max(SMALLEST_SCALE, (SEARCHED_PX / (width * height)) ** 0.5))
    lines = (Rect(*line.box) for line in detector.detect_pieces(image, scale=scale))
    return [_with_margin(line) for line in lines]


def _with_margin(line: Rect) -> Rect:
    margin = MARGIN * min(line.width, line.height)
    return Rect(line.x0 - margin, line.y0 - margin, line.x1 + margin, line.y1 + margin)
