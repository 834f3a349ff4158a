"""Redacts one file. Only pictures that the redactor returned are ever decoded again or written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import RedactionUnavailable
from edge_agent.frames import Frame, Redact, Redacted, Selected, SelectReason
from edge_agent.redact_files.errors import NotRedacted
from edge_agent.redact_files.file_policy import CAMERA, Fresh
from edge_agent.redact_files.job import FileKind, Item
from edge_agent.redact_files.video_file import Film, Movie, MovieFrame, beside
from edge_agent.redactor.cover import COLOUR
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.still import decode_still
from provisioning.contracts.wire.messages import ClockQuality

Image = NDArray[np.uint8]
MAX_PICTURE_BYTES: Final = 64 << 20

Step = Callable[[], None]
"""Called after every picture and every frame."""


@dataclass(frozen=True, slots=True)
class Written:
    """The result for one file."""

    source: Path
    target: Path
    kind: FileKind
    frames: int
    replaced: int
    """Frames that could not be redacted, and are one colour from edge to edge instead."""
    covered_share: float
    """Mean over the frames, 0..1."""
    models: dict[str, str]
    """Catalog name → sha256 of each model used."""


class FileRedactor:
    """Redacts files one after the other, each with a redactor without state."""

    def __init__(self, fresh: Fresh) -> None:
        self._fresh = fresh

    def redact(self, item: Item, step: Step) -> Written:
        """Write the redacted file of `item`, whole or not at all.

        Raises:
            NotRedacted: the cause; nothing was written.
        """
        if item.kind is FileKind.UNKNOWN:
            raise NotRedacted("not a JPEG, PNG, BMP or video by its name")
        if item.kind is FileKind.VIDEO:
            return self._video(item, step)
        image = read_picture(item.source)
        try:
            redacted = redact_image(self._fresh(), 0, 0, image)
        except RedactionUnavailable as error:
            raise NotRedacted(str(error)) from error
        with beside(item.target) as pending:
            pending.write_bytes(redacted.picture)
        step()
        facts = redacted.snapshot.redaction
        return Written(item.source, item.target, item.kind, 1, 0, facts.covered_share, dict(facts.models))

    def _video(self, item: Item, step: Step) -> Written:
        redactor = self._fresh()
        tally = _Tally()
        with Movie(item.source) as movie, beside(item.target) as pending:
            with Film(pending, rate=movie.rate, time_base=movie.time_base, aspect=movie.aspect) as film:
                for shot in movie.shots():
                    image = tally.shown(redactor, shot)
                    if image is not None:
                        film.add(image, shot.at)
                    step()
            if tally.frames == tally.replaced:
                raise NotRedacted(f"not one of its {tally.frames} frames could be redacted{tally.reason}")
        share = tally.share / tally.frames
        return Written(item.source, item.target, item.kind, tally.frames, tally.replaced, share, tally.models)


class _Tally:
    """Sums up the frames of a video so far."""

    def __init__(self) -> None:
        self.frames = 0
        self.replaced = 0
        self.share = 0.0
        self.models: dict[str, str] = {}
        self.reason = ""
        self._shape: tuple[int, ...] | None = None

    def shown(self, redactor: Redact, shot: MovieFrame) -> Image | None:
        """Return the frame to show in place of `shot`: redacted, or covered whole. None while no size is known yet."""
        self.frames += 1
        if shot.image is not None and self._shape in {None, shot.image.shape}:
            self._shape = shot.image.shape
            try:
                redacted = redact_image(redactor, shot.number, shot.at_ms, shot.image)
            except (RedactionUnavailable, NotRedacted) as error:
                self.reason = f": {error}"
            else:
                facts = redacted.snapshot.redaction
                self.share += facts.covered_share
                self.models |= facts.models
                return pixels(redacted)
        self.replaced += 1
        self.share += 1
        return None if self._shape is None else np.full(self._shape, COLOUR, np.uint8)


def redact_image(redactor: Redact, number: int, at_ms: int, image: Image) -> Redacted:
    """Redact one picture.

    Raises:
        RedactionUnavailable: it may not be shown.
        NotRedacted: the redactor withholds the picture.
    """
    frame = Frame(CAMERA, at_ms, ClockQuality.ARRIVAL, f"f{number}", image)
    redacted = redactor.redact(Selected(frame, SelectReason.FIRST))
    if not redacted.picture:
        raise NotRedacted("the redactor withholds this picture")
    return redacted


def pixels(redacted: Redacted) -> Image:
    """Decode the redacted picture (H×W×3, BGR)."""
    image = cv2.imdecode(np.frombuffer(redacted.picture, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise NotRedacted("the redacted picture cannot be read back")
    return np.asarray(image, np.uint8)


def read_picture(file: Path) -> Image:
    """Decode a picture file, turned as its EXIF says.

    Raises:
        NotRedacted: unreadable, too large, or no picture.
    """
    try:
        if file.stat().st_size > MAX_PICTURE_BYTES:
            raise NotRedacted(f"larger than {MAX_PICTURE_BYTES} bytes")
        return decode_still(file.read_bytes())
    except OSError as error:
        raise NotRedacted(f"cannot be read ({error.strerror})") from error
    except UnusablePictureError as error:
        raise NotRedacted(str(error)) from error
