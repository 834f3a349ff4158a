"""Measures how many lines of text drawn into photographs are covered in a pushed picture, and what else is.

`python -m bench.evaluation --text`: the search for text in the outer bands, which is all that a stream's picture gets,
and the text detector beside it, in one run. The lines are what checkpoint cameras write: time, place, number and speed.
"""

import time
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean, median
from typing import Final

import cv2
import numpy as np
from PIL import Image as Drawings
from PIL import ImageDraw, ImageFont

from bench.evaluation.photographs import Image
from bench.evaluation.plates import FONT
from edge_agent.redactor import TEXT, cover
from edge_agent.redactor.cover import Rect
from edge_agent.redactor.screen_text import text_bands
from edge_agent.redactor.text_lines import text_lines
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector

HEIGHTS_PX: Final = (12, 16, 20, 28, 40)
LINES: Final = 12
COVERED: Final = 0.9
WRITTEN: Final = (
    "2026-11-28 12:03:05 卡口01",
    "京I·0123I 车速 56km/h",
    "沪宁路与新华街口 由东向西",
    "违法代码:1625 闯红灯",
    "East Gate 03  2026-11-24",
    "设备编号 320104000001",
    "防伪码 a83f99c1",
)
COLOURS: Final = ((255, 255, 255), (0, 0, 0), (255, 255, 0), (255, 0, 0), (0, 255, 0), (30, 80, 255))

Search = Callable[[Image], list[Rect]]


def measure(photographs: Sequence[Image]) -> dict[str, dict[str, str]]:
    """Search → figure → value: lines covered of drawn ones by height, needless cover, and processor time."""
    detector = Detector.load(Catalog(), TEXT)
    searches: dict[str, Search] = {
        "outer bands": text_bands,
        "outer bands and detector": lambda image: [*text_bands(image), *text_lines(image, detector)],
    }
    return {name: _figures(photographs, search) for name, search in searches.items()}


def _figures(photographs: Sequence[Image], search: Search) -> dict[str, str]:
    chance, figures = Random(19), {}
    for height_px in HEIGHTS_PX:
        hits: list[bool] = []
        for photograph in photographs:
            image, places = _drawn(photograph, height_px, chance)
            mask = _mask(image, search)
            hits += [cover.covered_share(place, mask) >= COVERED for place in places]
        figures[f"{height_px} px"] = f"{sum(hits)} of {len(hits)}"
    needless, spent_ms = [], []
    for photograph in photographs:
        began_s = time.process_time()
        mask = _mask(photograph, search)
        spent_ms.append((time.process_time() - began_s) * 1000)
        needless.append(float(mask.mean()))
    figures["of a picture without drawn text"] = f"{fmean(needless):.2%}, worst {max(needless):.2%}"
    figures["CPU ms"] = f"{median(spent_ms):.0f}"
    return figures


def _mask(image: Image, search: Search) -> np.ndarray:
    height, width = image.shape[:2]
    return cover.mask(cover.to_boxes(search(image), width, height), width, height)


def _drawn(photograph: Image, height_px: int, chance: Random) -> tuple[Image, list[Rect]]:
    """Return the photograph with lines anywhere: plain, outlined or on a band, as a camera's JPEG, and their places."""
    drawing = Drawings.fromarray(cv2.cvtColor(photograph, cv2.COLOR_BGR2RGB))
    draw, font = ImageDraw.Draw(drawing), ImageFont.truetype(str(FONT), height_px)
    places: list[Rect] = []
    while len(places) < LINES:
        text, colour = chance.choice(WRITTEN), chance.choice(COLOURS)
        opposite = tuple(255 - value for value in colour)
        x0, y0, x1, y1 = draw.textbbox((0, 0), text, font)
        x, y = chance.randrange(2, drawing.width - round(x1) - 2), chance.randrange(2, drawing.height - round(y1) - 2)
        place = Rect(x + x0, y + y0, x + x1, y + y1)
        near = Rect(place.x0 - height_px, place.y0 - height_px, place.x1 + height_px, place.y1 + height_px)
        if any(near.common(other) for other in places):
            continue
        style = chance.choice(("plain", "outlined", "band"))
        if style == "band":
            draw.rectangle((place.x0 - 3, place.y0 - 2, place.x1 + 3, place.y1 + 2), fill=opposite)
        outline = max(1, height_px // 14) if style == "outlined" else 0
        draw.text((x, y), text, colour, font, stroke_width=outline, stroke_fill=opposite)
        places.append(place)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(np.asarray(drawing), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    image = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8), places
