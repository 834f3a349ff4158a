"""Settles doubts about small faces: CenterFace searches them enlarged, and turned if that leaves a suspicion.

Measured on 22 faces in 60 pictures of a 720p street, plain, masked and tilted by 15 and 30 degrees, 8 to 30 px high, by
these covers and the sure ones alone: of 1,320 faces 1,170 are covered with 33 windows, 1,193 with 48, and 1,209 where
eight of them are turned. Of 30 streets, towns and landscapes without them 0.42, 0.46 and 0.49 % is covered needlessly.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import cos, hypot, radians, sin
from typing import Final, NamedTuple

import cv2
import numpy as np

from edge_agent.redactor.cover import Image, Rect
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection

LEAST: Final = 0.01
"""Score of YuNet from which a face is a doubt. From .02 on, 7 fewer of the 1,512 faces of `faces.BELIEVED`."""
LARGEST_PX: Final = 40.0
"""Longer side of a doubt: CenterFace sees a larger face at the picture's own size."""
MOST: Final = (32, 72)
A_MEGAPIXEL: Final = 52
"""Windows searched for each megapixel, the likeliest first: 48 in a 720p picture, 2.4 ms of a core each."""
SPACING_PX: Final = 12
"""Doubts nearer than this to a likelier one lie in its window."""
SIDE: Final = (48, 2.4)
"""Side of a window: at least so many pixels, and so many longer sides of the box."""
TENSOR_PX: Final = 128
AT_A_TIME: Final = 6
"""Windows in one run: the data between layers stay in the caches. 33 windows take 78 CPU ms, and 89 as one batch."""
LARGEST_SHARE: Final = 0.7
"""Largest share of its window: a larger box is no small face."""
BELIEVED: Final = 0.75
"""In a window CenterFace is believed from this share of the policy's threshold on."""
SUSPECTED: Final = 0.3
"""Share from which the window is turned: one in six is, and no face less is covered than if all were."""
TURNS_DEG: Final = (-25.0, 25.0)
"""Both ways, for heads that lean and cameras that hang askew. Masked faces gain a little by it, too."""
BELIEVED_TURNED: Final = 1.25
"""Share of the policy's threshold from which CenterFace is believed in a turned window, where it has to be surer.

From the policy's own threshold on six faces more of the 1,320 are covered, and 0.05 % more of the pictures without any.
"""


class FaceWindow(NamedTuple):
    """A square around a doubt, in the picture."""

    x: int
    y: int
    side: int

    def cut(self, image: Image) -> Image:
        """Cut the window from the picture."""
        return image[self.y : self.y + self.side, self.x : self.x + self.side]


def windows(image: Image, doubtful: Iterable[Rect], known: Sequence[Rect]) -> list[FaceWindow]:
    """Return the windows to search again, the likeliest first; `known`: covers, where no doubt has to be settled."""
    height, width = image.shape[:2]
    most = min(max(round(A_MEGAPIXEL * height * width / 1e6), MOST[0]), MOST[1])
    return [_window(doubt, width, height) for doubt in islice(_apart(doubtful, known), most)]


def settled(image: Image, some: Sequence[FaceWindow], eye: Detector, threshold: float) -> list[Rect]:
    """Search these windows with CenterFace, at a policy's `threshold`.

    Raises:
        engines.errors.EngineError: the model could not run.
    """
    faces: list[Rect] = []
    suspected: list[FaceWindow] = []
    for window, found in zip(some, _seen(image, some, eye, SUSPECTED * threshold), strict=True):
        believed = [one for one in found if one.score >= BELIEVED * threshold and _is_small(one, window)]
        faces += [_rect(one).moved(window.x, window.y) for one in believed]
        suspected += [window] if found and not believed else []
    for degrees in TURNS_DEG:
        seen = _seen(image, suspected, eye, BELIEVED_TURNED * threshold, degrees)
        for window, found in zip(suspected, seen, strict=True):
            small = [_rect(one) for one in found if _is_small(one, window)]
            faces += [_turned_back(one, window.side, degrees).moved(window.x, window.y) for one in small]
    return faces


def _seen(
    image: Image, some: Sequence[FaceWindow], eye: Detector, least: float, degrees: float = 0.0
) -> list[list[Detection]]:
    """Detect in each window, enlarged to one size and turned about its centre."""
    cuts = [_turned(window.cut(image), degrees) if degrees else window.cut(image) for window in some]
    return eye.detect_many(cuts, size=(TENSOR_PX, TENSOR_PX), thresholds={"face": least}, at_a_time=AT_A_TIME)


def _turned(square: Image, degrees: float) -> Image:
    """Turn at the same size; the corners repeat the edge."""
    side = square.shape[0]
    about = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(square, about, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _turned_back(box: Rect, side: int, degrees: float) -> Rect:
    """Turn a box in a turned square back: the box of the turned ellipse inside it."""
    c, s, middle = cos(radians(degrees)), sin(radians(degrees)), (side - 1) / 2
    dx, dy = (box.x0 + box.x1) / 2 - middle, (box.y0 + box.y1) / 2 - middle
    x, y = middle + c * dx - s * dy, middle + s * dx + c * dy
    half_x, half_y = hypot(box.width * c, box.height * s) / 2, hypot(box.width * s, box.height * c) / 2
    return Rect(x - half_x, y - half_y, x + half_x, y + half_y)


def _apart(doubtful: Iterable[Rect], known: Sequence[Rect]) -> Iterator[Rect]:
    """Yield doubts about small faces where nothing is covered yet, each at some distance from those before it."""
    taken: list[tuple[float, float]] = []
    for doubt in doubtful:
        x, y = (doubt.x0 + doubt.x1) / 2, (doubt.y0 + doubt.y1) / 2
        if (
            max(doubt.width, doubt.height) <= LARGEST_PX
            and not any(max(abs(x - a), abs(y - b)) < SPACING_PX for a, b in taken)
            and not any(k.x0 <= x <= k.x1 and k.y0 <= y <= k.y1 for k in known)
        ):
            taken.append((x, y))
            yield doubt


def _window(doubt: Rect, width: int, height: int) -> FaceWindow:
    """Return a square around a doubt, moved into the picture."""
    least, sides = SIDE
    side = min(max(least, round(sides * max(doubt.width, doubt.height))), width, height)
    left = min(max(0.0, (doubt.x0 + doubt.x1 - side) / 2), width - side)
    top = min(max(0.0, (doubt.y0 + doubt.y1 - side) / 2), height - side)
    return FaceWindow(round(left), round(top), side)


def _is_small(face: Detection, window: FaceWindow) -> bool:
    return face.box.width <= LARGEST_SHARE * window.side


def _rect(detection: Detection) -> Rect:
    return Rect(*detection.box)
