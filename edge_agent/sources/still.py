"""Decodes one picture from the bytes of a file: examined, bounded, decoded, turned upright.

`cv2.imdecode` reads JPEG, PNG and BMP from memory. For a format that it can only read from a file it writes a temporary
one, raw, to the disk: so what is not one of the three never gets there, GIF and TIFF included.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import SkipReason
from edge_agent.sources.jpeg_markers import JPEG, jpeg_shape
from edge_agent.sources.picture_header import (
    BMP,
    PNG,
    Shape,
    UnusablePictureError,
    bmp_shape,
    broken,
    out_of_bounds,
    png_shape,
)
from provisioning.contracts.picture_bounds import EDGE, PictureBounds
from provisioning.contracts.wire.messages import MAX_SIDE_PX

MAX_NEED_BYTES: Final = 512 * 1024 * 1024
"""Memory of one picture while it is decoded: its pixels and a JPEG's coefficients, then its pixels twice, for OpenCV
hands over a copy (both measured)."""
_WHOLE: Final = PictureBounds(MAX_SIDE_PX**2)
"""Before a JPEG is made smaller while it is decoded: sides and proportions alone."""
_FLAGS: Final = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


class Still:
    """A picture that may be decoded, and the memory that this takes."""

    def __init__(self, data: bytes) -> None:
        """Examines the bytes; nothing is decoded.

        Raises:
            UnusablePictureError: another format, over the bounds, damaged, or more than one picture.
        """
        self._data = data
        self._shape = _shape(data)
        self._shrink = _shrink(self._shape)

    @property
    def need_bytes(self) -> int:
        """Memory at the peak of decoding, beside the bytes of the picture."""
        return _need_bytes(self._shape, self._shrink)

    def pixels(self) -> NDArray[np.uint8]:
        """Decodes: H×W×3, BGR, turned as its EXIF says.

        A JPEG over `EDGE.max_pixels` comes at a half, a quarter or an eighth of its sides, made while it is decoded.

        Raises:
            UnusablePictureError: the decoder finds damage.
        """
        picture = np.frombuffer(memoryview(self._data)[: self._shape.end], np.uint8)
        try:
            image = cv2.imdecode(picture, _FLAGS[self._shrink])
        except cv2.error:
            image = None
        # A file whose decoder sees another size than its header is two files in one.
        if image is None or sorted(image.shape[:2]) != sorted(_sides(self._shape, self._shrink)):
            raise broken("not to be decoded")
        return np.asarray(image, dtype=np.uint8)


def decode_still(data: bytes) -> NDArray[np.uint8]:
    """Decodes a JPEG, PNG or BMP to pixels (H×W×3, BGR). See `Still`.

    Raises:
        UnusablePictureError: another format, over the bounds, or broken.
    """
    return Still(data).pixels()


def _shape(data: bytes) -> Shape:
    if data.startswith(JPEG):
        return jpeg_shape(data)
    if data.startswith(PNG):
        return png_shape(data)
    if data.startswith(BMP):
        return bmp_shape(data)
    raise UnusablePictureError(SkipReason.UNKNOWN_FORMAT, "not a JPEG, PNG or BMP")


def _shrink(shape: Shape) -> int:
    """Returns the smallest divisor of the sides that keeps within the bounds."""
    if not shape.width or not shape.height:
        raise broken("without width or height")
    if fault := _WHOLE.fault(shape.width, shape.height):
        raise out_of_bounds(shape.width, shape.height, fault)
    for divisor in _FLAGS if shape.shrinks else (1,):
        fault = EDGE.fault(*_sides(shape, divisor))
        if not fault and _need_bytes(shape, divisor) <= MAX_NEED_BYTES:
            return divisor
    fault = fault or f"{shape.width}×{shape.height} px: over {MAX_NEED_BYTES >> 20} MiB to decode"
    raise UnusablePictureError(SkipReason.TOO_LARGE, fault)


def _sides(shape: Shape, divisor: int) -> tuple[int, int]:
    return -(-shape.width // divisor), -(-shape.height // divisor)


def _need_bytes(shape: Shape, divisor: int) -> int:
    width, height = _sides(shape, divisor)
    pixels_bytes = 3 * width * height
    return pixels_bytes + max(pixels_bytes, shape.buffered_bytes)
