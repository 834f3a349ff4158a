"""Draws pictures with a clock in them: photographs with a time, in eight fonts and the forms that cameras write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
from PIL import Image as Drawings
from PIL import ImageDraw, ImageFont

from bench.evaluation.photographs import Image, packages

SIZE: Final = (1920, 1080)
SIZES_PX: Final = (28, 36, 48)
_DEJAVU: Final = Path("/usr/share/fonts/truetype/dejavu")
_CHINESE: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
FONTS: Final[tuple[Path | int, ...]] = (
    _DEJAVU / "DejaVuSans.ttf",
    _DEJAVU / "DejaVuSansMono.ttf",
    _DEJAVU / "DejaVuSansMono-Bold.ttf",
    _DEJAVU / "DejaVuSerif-Bold.ttf",
    _DEJAVU / "DejaVuSansCondensed-Bold.ttf",
    _CHINESE,
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
)
"""Files, or OpenCV's stroke fonts, which cameras' own resemble."""
_DAYS: Final = "一二三四五六日"
_HALVES: Final = ("上午", "下午")
_QUALITY: Final = 80

Form = Callable[[datetime], str]
ENGLISH: Final[tuple[Form, ...]] = (
    lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    lambda at: f"{at:%Y-%m-%d %a %H:%M:%S}",
    lambda at: f"{at:%m/%d/%Y %I:%M:%S %p}",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 100_000}",
)
CHINESE: Final[tuple[Form, ...]] = (
    lambda at: f"{at:%Y年%m月%d日} 星期{_DAYS[at.weekday()]} {at:%H:%M:%S}",
    lambda at: f"{at:%Y-%m-%d} 星期{_DAYS[at.weekday()]} {at:%H:%M:%S}",
    lambda at: f"{at:%Y年%m月%d日} {_HALVES[at.hour // 12]} {at:%I:%M:%S}",
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """One camera's way of writing its time."""

    photograph: Image
    font: Path | int
    form: Form
    size_px: int
    place: tuple[int, int]
    is_outlined: bool
    hidden: float = 0.0
    """Share of the line's height that something covers, from below."""

    def picture(self, at: datetime) -> Image:
        """Returns the camera's picture at a moment of its clock, as a JPEG that was decoded."""
        image, text = self.photograph.copy(), self.form(at)
        x, y = self.place
        if isinstance(self.font, int):
            below, scale = (x, y + self.size_px), self.size_px / 30
            if self.is_outlined:
                cv2.putText(image, text, below, self.font, scale, (0, 0, 0), 6, cv2.LINE_AA)
            cv2.putText(image, text, below, self.font, scale, (255, 255, 255), 2, cv2.LINE_AA)
        else:
            canvas = Drawings.fromarray(image[:, :, ::-1])
            ImageDraw.Draw(canvas).text(
                (x, y),
                text,
                font=ImageFont.truetype(str(self.font), self.size_px),
                fill=(255, 255, 255),
                stroke_width=2 if self.is_outlined else 0,
                stroke_fill=(0, 0, 0),
            )
            image = np.ascontiguousarray(np.asarray(canvas)[:, :, ::-1])
        if self.hidden:
            top = y + round(self.size_px * (1.15 - self.hidden))
            image[top : y + round(self.size_px * 1.4)] = 128
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def photographs() -> list[Image]:
    """Returns the evaluation's photographs that are large enough, at the size of a camera's picture."""
    found = []
    for package in packages():
        for _, data in sorted(package.fetched().items()):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if image is not None and image.shape[1] >= SIZE[0] // 2:
                found.append(np.asarray(cv2.resize(image, SIZE), np.uint8))
    return found


def overlay(number: int, pictures: Sequence[Image], chance: Random, *, hidden: float = 0.0) -> Overlay:
    """Draws the n-th camera's overlay: fonts in turn, the rest by chance."""
    font = FONTS[number % len(FONTS)]
    size_px = chance.choice(SIZES_PX)
    return Overlay(
        photograph=chance.choice(pictures),
        font=font,
        form=chance.choice(CHINESE if font == _CHINESE else ENGLISH),
        size_px=size_px,
        place=chance.choice([(40, 30), (1000, 30), (40, SIZE[1] - size_px - 30)]),
        is_outlined=chance.random() < 0.5,
        hidden=hidden,
    )
