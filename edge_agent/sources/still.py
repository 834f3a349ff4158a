"""One picture out of the bytes of a file: bounded, decoded, turned upright."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import SkipReason
from edge_agent.sources.dimensions import UnusablePictureError, picture_size
from edge_agent.sources.source import is_bounded


def decode_still(data: bytes) -> NDArray[np.uint8]:
    """Pixels (H×W×3, BGR) of a JPEG, PNG or BMP, turned as its EXIF says. The size is checked before anything else.

    Raises:
        UnusablePictureError: another format, over the bounds, or broken.
    """
    width, height = picture_size(data)
    if not is_bounded(width, height):
        raise UnusablePictureError(SkipReason.TOO_LARGE, f"{width}×{height} px, too large to decode")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    # A file whose decoder sees another size than its header is two files in one.
    if image is None or sorted(image.shape[:2]) != sorted((height, width)):
        raise UnusablePictureError(SkipReason.BROKEN, "not to be decoded")
    return np.asarray(image, dtype=np.uint8)
