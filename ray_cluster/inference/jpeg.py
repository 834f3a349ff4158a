"""Decodes JPEGs to pixels.

Foreign bytes meet OpenCV here and nowhere else. The size is read from the JPEG's own frame header first, so that a few
hundred bytes can make neither the decoder nor a detector behind it allocate gigabytes.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.picture_bounds import CLUSTER
from ray_cluster.errors import NotJpeg
from ray_cluster.inference.picture import Photo

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_MARKER: Final = 0xDA


def decode(photo: Photo) -> NDArray[np.uint8]:
    """Decode to pixels, H × W × 3, BGR, as stored: an orientation tag is ignored, like at the edge.

    Raises:
        NotJpeg: not one whole JPEG of the stated size.
    """
    width, height = frame_size(photo.jpeg)
    if (width, height) != (photo.width, photo.height):
        raise NotJpeg(f"the JPEG is {width}×{height}, its envelope says {photo.width}×{photo.height}")
    if fault := CLUSTER.fault(width, height):
        raise NotJpeg(f"{fault}; set the camera to a usual size")
    if not photo.jpeg.endswith(_END):
        raise NotJpeg("the JPEG does not end with its end marker: cut off, or followed by other bytes")
    try:
        decoded = cv2.imdecode(np.frombuffer(photo.jpeg, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise NotJpeg(f"the JPEG cannot be decoded ({error.code})") from error
    if decoded is None:
        raise NotJpeg("the JPEG cannot be decoded")
    if decoded.dtype != np.uint8 or decoded.shape != (height, width, 3):
        raise NotJpeg(f"the JPEG decodes to {decoded.dtype} of shape {decoded.shape}")
    return np.asarray(decoded, np.uint8)


def frame_size(jpeg: bytes) -> tuple[int, int]:
    """Read width and height from the frame header (ITU-T T.81, B.2.2), without decoding anything.

    Fill bytes and bare markers, which no encoder writes before a frame header, are refused.

    Raises:
        NotJpeg: no frame header before the first scan.
    """
    if not jpeg.startswith(_START):
        raise NotJpeg("no JPEG: wrong first bytes")
    at = len(_START)
    while at + 4 <= len(jpeg):
        if jpeg[at] != 0xFF:
            break
        marker = jpeg[at + 1]
        if marker == _SCAN_MARKER:
            break
        length = int.from_bytes(jpeg[at + 2 : at + 4])
        if marker in _FRAME_MARKERS:
            if length < 8 or at + 9 > len(jpeg):
                break
            height = int.from_bytes(jpeg[at + 5 : at + 7])
            width = int.from_bytes(jpeg[at + 7 : at + 9])
            if not (width and height):
                break
            return width, height
        if length < 2:
            break
        at += 2 + length
    raise NotJpeg(f"no JPEG: no frame header (stopped at byte {at})")
