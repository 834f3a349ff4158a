"""Licence plates drawn by code and put on photographed vehicles.

Their letters include I and O, which no plate in China is issued with, so none of them is anybody's.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from bench.evaluation.photographs import Image

FONT: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
"""Debian's fonts-wqy-microhei; `bin/setup dev` installs it."""
PROVINCES: Final = "京沪粤苏浙鲁川鄂"
CHARACTERS: Final = "0123456789IO"


@dataclass(frozen=True, slots=True)
class Design:
    """A kind of plate. Sizes in mm, drawn at one pixel each (GA 36-2018; e-bike plates differ from place to place)."""

    name: str
    size: tuple[int, int]
    ground: tuple[int, int, int]
    """RGB, as the lower edge of the plate has it."""
    fade: tuple[int, int, int]
    """RGB at the upper edge."""
    ink: tuple[int, int, int]
    rows: int = 1
    length: int = 5


BLUE: Final = Design("blue", (440, 140), (20, 60, 170), (20, 60, 170), (245, 245, 245))
GREEN: Final = Design("green", (480, 140), (60, 190, 110), (225, 240, 230), (15, 15, 15), length=6)
YELLOW: Final = Design("yellow", (440, 140), (240, 185, 20), (240, 185, 20), (15, 15, 15))
EBIKE_WHITE: Final = Design("ebike-white", (220, 140), (240, 240, 240), (240, 240, 240), (20, 90, 50), rows=2)
EBIKE_GREEN: Final = Design("ebike-green", (220, 140), (20, 120, 70), (20, 120, 70), (245, 245, 245), rows=2)


def drawn(design: Design, chance: Random) -> Image:
    """A plate seen from the front (H×W×3, BGR).

    Raises:
        FileNotFoundError: the font is not installed.
    """
    if not FONT.exists():
        raise FileNotFoundError(f"{FONT}: plates need this font; run: apt-get install fonts-wqy-microhei")
    width, height = design.size
    shades = np.linspace(design.fade, design.ground, height).round().astype(np.uint8)
    plate = Pictures.fromarray(np.repeat(shades[:, None, :], width, axis=1))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((4, 4, width - 5, height - 5), radius=10, outline=design.ink, width=4)
    letters = chance.choice(PROVINCES) + chance.choice("IO")
    number = "".join(chance.choice(CHARACTERS) for _ in range(design.length))
    rows = [f"{letters}·{number}"] if design.rows == 1 else [letters, number]
    for index, text in enumerate(rows):
        room = (height - 24) / len(rows)
        font = ImageFont.truetype(str(FONT), round(room * 0.95))
        x0, y0, x1, y1 = draw.textbbox((0, 0), text, font=font)
        stretched = Pictures.new("L", (round(x1 - x0), round(y1 - y0)))
        ImageDraw.Draw(stretched).text((-x0, -y0), text, font=font, fill=255)
        mask = stretched.resize((width - 40, round(room * 0.85)))
        plate.paste(design.ink, (20, round(12 + room * index + room * 0.07)), mask)
    return np.ascontiguousarray(np.asarray(plate)[:, :, ::-1])


def put(
    vehicle: Image, plate: Image, centre: tuple[float, float], width: float, skew: float
) -> tuple[Image, list[float]]:
    """A copy of the vehicle with the plate on it, `width` px wide, and the plate's box.

    `skew` is how much shorter its left side is than its right one, as a share: the look of a plate seen aslant.
    """
    rows, columns = vehicle.shape[:2]
    height = width * plate.shape[0] / plate.shape[1]
    (x, y), less = centre, abs(skew) * height / 2
    left, right = (less, 0.0) if skew > 0 else (0.0, less)
    corners = np.array(
        [
            [x - width / 2, y - height / 2 + left],
            [x + width / 2, y - height / 2 + right],
            [x + width / 2, y + height / 2 - right],
            [x - width / 2, y + height / 2 - left],
        ],
        np.float32,
    )
    # Shrunk first: a warp straight from the drawing would skip pixels, which no lens does.
    near = max(1, round(width * 2)), max(1, round(height * 2))
    small = cv2.resize(plate, near, interpolation=cv2.INTER_AREA)
    flat = np.array([[0, 0], [near[0], 0], [near[0], near[1]], [0, near[1]]], np.float32)
    turn = cv2.getPerspectiveTransform(flat, corners)
    laid = cv2.warpPerspective(small, turn, (columns, rows), flags=cv2.INTER_AREA)
    alpha = cv2.warpPerspective(np.ones(small.shape[:2], np.float32), turn, (columns, rows))[:, :, None]
    image = np.round(alpha * (laid * 0.9) + (1 - alpha) * vehicle).astype(np.uint8)
    box = [*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()]
    return image, [round(v, 2) for v in box]
