"""Reads the label file: objects that a person drew on pictures, or code did. docs/evaluation.md describes the format.

Boxes are [x0, y0, x1, y1] in pixels of the upright picture, origin top left, x1 and y1 just outside. A track number
says that objects of one labelled clip are the same one; it exists in this file alone, to count the frames that miss it.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge_agent.redact_files.errors import LabelsUnusable
from engines.accuracy.labels import MAX_BYTES, Boxed, RelativeFile

FORMAT: Final = "wayside-labels/1"


class LabelKind(StrEnum):
    FACE = "face"
    """From forehead to chin."""
    HEAD = "head"
    """From hair, hat or helmet to chin, seen from any side."""
    PERSON = "person"
    """All that is visible; serves only to tell over-cover from cover."""
    PLATE = "plate"
    EBIKE_PLATE = "ebike_plate"


class Variant(StrEnum):
    """View of a labelled face."""

    PLAIN = "plain"
    MASKED = "masked"
    """Nose and mouth hidden."""
    OCCLUDED = "occluded"
    """Sunglasses, a hand or a hat hide a part of it."""
    YAW = "yaw"
    """Turned to the side, up to a profile."""
    PITCH = "pitch"
    """Looking down or up."""
    ROLL = "roll"
    """Tilted in the plane of the picture, 30° and about."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Object(Boxed):
    kind: LabelKind
    variant: Variant = Variant.PLAIN
    synthetic: bool = False
    """Drawn or pasted by code, not photographed where it is."""
    track: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class LabelledPicture(_Strict):
    """A picture file and all that is to be covered in it: paint on anything else counts as over-cover."""

    file: RelativeFile
    objects: tuple[Object, ...] = Field(default=(), max_length=4096)

    @model_validator(mode="after")
    def _no_tracks(self) -> Self:
        if any(one.track is not None for one in self.objects):
            raise ValueError("a track is a number within a clip")
        return self


class LabelledFrame(_Strict):
    """One frame of a clip, by its number from 0."""

    number: Annotated[int, Field(ge=0, le=10_000_000)]
    objects: tuple[Object, ...] = Field(default=(), max_length=4096)


class LabelledClip(_Strict):
    """A video file; every frame is redacted, the labelled ones are judged."""

    file: RelativeFile
    frames: tuple[LabelledFrame, ...] = Field(max_length=100_000)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        numbers = [frame.number for frame in self.frames]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a frame is labelled twice")
        return self


class Labels(_Strict):
    """Content of a label file."""

    format: Literal["wayside-labels/1"] = FORMAT
    note: str = ""
    pictures: tuple[LabelledPicture, ...] = Field(default=(), max_length=100_000)
    clips: tuple[LabelledClip, ...] = Field(default=(), max_length=1000)

    @property
    def count(self) -> int:
        """Pictures and labelled frames."""
        return len(self.pictures) + sum(len(clip.frames) for clip in self.clips)


def parse(data: bytes, where: str) -> Labels:
    """Parse a label file's content; `where` names it in the error.

    Raises:
        LabelsUnusable: too large, or not of this format.
    """
    if len(data) > MAX_BYTES:
        raise LabelsUnusable(f"{where}: larger than {MAX_BYTES} bytes")
    try:
        return Labels.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise LabelsUnusable(f"{where}: no label file of format {FORMAT}: {path or 'file'}: {first['msg']}") from error


def read(file: Path) -> Labels:
    """Read and parse a label file.

    Raises:
        LabelsUnusable: unreadable, too large, or not of this format.
    """
    try:
        with file.open("rb") as stream:
            return parse(stream.read(MAX_BYTES + 1), str(file))
    except OSError as error:
        raise LabelsUnusable(f"{file}: the labels cannot be read ({error.strerror})") from error
