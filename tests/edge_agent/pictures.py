"""Pictures as bytes, in every format that is read, and their parts."""

import io
import struct
from typing import Any

import cv2
from PIL import Image

from tests.edge_agent.world import noise

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", noise(1), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", noise(1))[1].tobytes()
BMP = cv2.imencode(".bmp", noise(1))[1].tobytes()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """What PIL makes of it: another writer than the reader under test."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def segments(jpeg: bytes) -> list[bytes]:
    """Everything between SOI and EOI, a scan's data with its header."""
    parts, at = list[bytes](), 2
    while jpeg[at + 1] != 0xD9:
        (length,) = struct.unpack_from(">H", jpeg, at + 2)
        end = at + 2 + length
        if jpeg[at + 1] == 0xDA:
            while jpeg[end] != 0xFF or jpeg[end + 1] == 0 or 0xD0 <= jpeg[end + 1] <= 0xD7:
                end += 1
        parts.append(jpeg[at:end])
        at = end
    return parts
