"""A camera before which cars pass a line at times that are known. Everything in it is drawn.

A detector finds a drawn car in front of a drawn street more easily than a real one. What is tried with it is how much
of the truth comes through decoding, budget, looks, queue and redactor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bench.edge.drawn_street import street
from bench.edge.film import FULL_HD, GOP, RATE
from provisioning.demo.encode import encoded
from provisioning.demo.simulators.rtsp_server import write_footage

LINE: Final = ((0.5, 0.5), (0.5, 1.0))
SECONDS: Final = 24
"""Of the film, which is played again and again; at its end nothing is on its way."""
_STREET: Final = 3
_DRAWN: Final = 420
"""Width of the car as its corners are given."""
_BODY: Final = (
    *((6, 105), (4, 78), (14, 66), (60, 58), (110, 54), (150, 20), (175, 10), (270, 10)),
    *((300, 18), (345, 56), (395, 64), (412, 76), (416, 104), (410, 118), (12, 118)),
)
_WINDOWS: Final = (
    ((124, 54), (156, 25), (178, 17), (212, 17), (212, 54)),
    ((222, 17), (268, 17), (294, 24), (326, 54), (222, 54)),
)
_SILL: Final = ((6, 95), (416, 95), (414, 110), (410, 118), (12, 118))
_WHEELS: Final = (85, 335)


@dataclass(frozen=True, slots=True)
class Pass:
    """One car: from one side to the other at a steady pace, pixels a second, negative to the left."""

    starts_s: float
    speed: float
    width: int
    ground: int
    """Where its wheels are, pixels from the top."""
    paint: tuple[int, int, int] = (200, 200, 200)

    def left(self, at_s: float) -> float:
        """Of its picture."""
        way = (at_s - self.starts_s) * abs(self.speed)
        return -self.width + way if self.speed > 0 else FULL_HD[0] - way


PASSES: Final = (
    Pass(0.5, 320, 300, 940),
    Pass(3.0, -380, 240, 780, (60, 60, 170)),
    Pass(7.0, 450, 340, 960),
    Pass(8.0, -300, 240, 770),
    Pass(13.0, 300, 300, 920, (160, 90, 40)),
    Pass(15.0, -500, 260, 790),
    Pass(17.0, 420, 280, 930, (60, 60, 170)),
)


def footage(path: Path, passes: Sequence[Pass] = PASSES) -> Path:
    """1080p25 H.264, a keyframe every two seconds."""
    units = list(encoded(_pictures(passes), FULL_HD, Fraction(RATE), "h264", gop=GOP, bitrate=4_000_000))
    write_footage(path, "h264", (RATE, 1), units)
    return path


def _pictures(passes: Sequence[Pass]) -> Iterator[VideoFrame]:
    ground = street(_STREET, *FULL_HD)
    cars = [(each, *_car(each.width, each.paint)) for each in sorted(passes, key=lambda each: each.ground)]
    for number in range(SECONDS * RATE):
        picture = ground.copy()
        for one, image, alpha in cars:
            _paste(picture, image, alpha, round(one.left(number / RATE)), one.ground)
        yield VideoFrame.from_ndarray(picture, format="bgr24")


def _car(width: int, paint: tuple[int, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A car from the side on its shadow, and how opaque it is where."""
    share = width / _DRAWN
    height = round(0.4 * width)
    image, opaque = np.full((height, width, 3), 45, np.uint8), np.zeros((height, width), np.uint8)

    def at(*corners: tuple[float, float]) -> NDArray[np.int32]:
        return (np.array(corners) * share).astype(np.int32)

    cv2.ellipse(opaque, at((210, 150))[0].tolist(), at((200, 13))[0].tolist(), 0, 0, 360, 255, -1)
    cv2.fillPoly(image, [at(*_BODY)], paint)
    cv2.fillPoly(opaque, [at(*_BODY)], 255)
    cv2.fillPoly(image, [at(*_SILL)], [0.6 * level for level in paint])
    cv2.fillPoly(image, [at(*each) for each in _WINDOWS], (70, 60, 50))
    cv2.circle(image, at((402, 76))[0].tolist(), int(9 * share), (210, 240, 250), -1)
    cv2.circle(image, at((12, 78))[0].tolist(), int(7 * share), (40, 40, 220), -1)
    for wheel in _WHEELS:
        centre = at((wheel, 112))[0].tolist()
        cv2.circle(opaque, centre, int(36 * share), 255, -1)
        for radius, level in ((36, 20), (22, 170), (8, 60)):
            cv2.circle(image, centre, int(radius * share), (level, level, level), -1)
    light = np.linspace(1.2, 0.8, height)[:, None, None]
    return np.clip(image * light, 0, 255).astype(np.uint8), (opaque / 255).astype(np.float32)[..., None]


def _paste(
    picture: NDArray[np.uint8], image: NDArray[np.uint8], alpha: NDArray[np.float32], x: int, ground: int
) -> None:
    height, width = image.shape[:2]
    first, last = max(0, -x), min(width, FULL_HD[0] - x)
    if last - first > 1:
        place = picture[ground - height : ground, x + first : x + last]
        place[:] = (alpha[:, first:last] * image[:, first:last] + (1 - alpha[:, first:last]) * place).astype(np.uint8)
