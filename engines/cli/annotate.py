"""Draws detections for a technician: names machines, and paints over everything that must not leave a site."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.detection.detector import Detector
from engines.detection.postprocess import Box, Detection
from engines.detection.preprocess import Picture
from engines.errors import BadPictureFile, ExtraMissing

try:
    import cv2
except ModuleNotFoundError as error:
    raise ExtraMissing("cv2", "edge") from error

COVER = (0, 0, 0)
INK = (60, 220, 60)
MARGIN = 1.4
"""Factor by which a cover is wider and higher than the box of a face or plate: detectors draw to the chin."""

SMALL_FACE_PX = 64
"""Longest side of a face that the detector of small faces is believed: its false boxes are larger."""

MAX_FILE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class PictureDetections:
    """Detections of one picture: machines, covers, and the number of people, who have no other property."""

    machines: tuple[Detection, ...]
    covers: tuple[Detection, ...]
    people: int


def detect_all(
    picture: Picture, machines: Detector, covering: Iterable[Detector], small_faces: Detector, *, people_from: float
) -> PictureDetections:
    """Run every detector over a picture. `people_from` is the score from which a person counts.

    Raises BadImage, InferenceFailed, UnexpectedOutput.
    """
    found = machines.detect_tiled(picture)
    for detector in covering:
        found += detector.detect(picture)
    found += [one for one in small_faces.detect(picture) if max(one.box.width, one.box.height) <= SMALL_FACE_PX]
    wanted = [one for one in found if one.group in {"vehicle", "two_wheeler"}]
    covers = [one for one in found if one.group in {"person", "face", "plate"}]
    people = sum(one.group == "person" and one.score >= people_from for one in found)
    return PictureDetections(tuple(wanted), tuple(covers), people)


def annotated(picture: Picture, found: PictureDetections) -> Picture:
    """Draw on a copy: solid covers first, then the boxes and names of the machines above them."""
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    for cover in found.covers:
        box = cover.box if cover.group == "person" else _grown(cover.box)
        x0, y0 = max(0, int(box.x0)), max(0, int(box.y0))
        x1, y1 = min(width, int(np.ceil(box.x1))), min(height, int(np.ceil(box.y1)))
        canvas[y0:y1, x0:x1] = COVER
    thickness = max(1, round(max(width, height) / 640))
    for machine in found.machines:
        x0, y0, x1, y1 = (round(edge) for edge in machine.box)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), INK, thickness)
        name = f"{machine.class_name} {machine.score:.2f}"
        at = (x0, max(y0 - 4, 14 * thickness))
        cv2.putText(canvas, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45 * thickness, INK, thickness, cv2.LINE_AA)
    return canvas


def _grown(box: Box) -> Box:
    extra_x, extra_y = box.width * (MARGIN - 1) / 2, box.height * (MARGIN - 1) / 2
    return Box(box.x0 - extra_x, box.y0 - extra_y, box.x1 + extra_x, box.y1 + extra_y)


def read_picture(file: Path) -> Picture:
    """Decode a picture file to pixels. Raises BadPictureFile."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadPictureFile(file, f"cannot be read ({error.strerror})") from error
    if not 0 < len(data) <= MAX_FILE_BYTES:
        raise BadPictureFile(file, "is empty" if not data else f"is larger than {MAX_FILE_BYTES} bytes")
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadPictureFile(file, "cannot be decoded") from error
    if pixels is None:
        raise BadPictureFile(file, "is no picture")
    return np.asarray(pixels, np.uint8)


def write_picture(file: Path, picture: Picture) -> None:
    """Encode pixels in the format of the file's suffix, without metadata. Raises BadPictureFile."""
    try:
        done, data = cv2.imencode(file.suffix or ".jpg", picture)
    except cv2.error as error:
        raise BadPictureFile(file, f"{file.suffix} is no picture format") from error
    if not done:
        raise BadPictureFile(file, "cannot be encoded")
    try:
        file.write_bytes(data.tobytes())
    except OSError as error:
        raise BadPictureFile(file, f"cannot be written ({error.strerror})") from error
