"""Reads labelled machines: boxes of vehicles and two-wheelers, drawn by a person. docs/detectors.md shows a label file.

Boxes are [x0, y0, x1, y1] in pixels of the upright picture, x1 and y1 just outside. People and plates are labelled to
tell needed paint from needless, and are never scored.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from engines.errors import BadLabels

MAX_BYTES: Final = 32 << 20
FORMAT: Final = "wayside-machines/1"

RelativeFile = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
]
"""Below the folder of the pictures; no part begins with a dot, so none leads out of it."""
Pixel = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
LabelBox = tuple[Pixel, Pixel, Pixel, Pixel]
MachineName = Literal["car", "bus", "truck", "bicycle", "motorcycle"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Boxed(_Strict):
    """A labelled object by its place in the picture."""

    box: LabelBox

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        x0, y0, x1, y1 = self.box
        if x1 - x0 < 1 or y1 - y0 < 1:
            raise ValueError("a box is at least one pixel wide and high")
        return self


class LabelledMachine(Boxed):
    """One vehicle or two-wheeler. A two-wheeler's box is the machine's alone, without its rider."""

    class_name: MachineName = Field(alias="class")
    colour: str | None = None
    """Main colour, as the archive names it; None where none is clear."""
    truncated: bool = False
    """Cut off by the edge of the picture."""
    occluded: bool = False
    """Partly behind something else."""
    difficult: bool = False
    """So little is visible that neither finding nor missing it counts."""


class LabelledPicture(_Strict):
    """A picture file with every machine in it: a detection of anything else counts as false."""

    file: RelativeFile
    machines: tuple[LabelledMachine, ...] = Field(default=(), max_length=4096)
    people: tuple[LabelBox, ...] = Field(default=(), max_length=4096)
    plates: tuple[LabelBox, ...] = Field(default=(), max_length=4096)
    ignore: tuple[LabelBox, ...] = Field(default=(), max_length=4096)
    """Regions whose machines are not labelled: too small, or too many. Detections in them do not count."""
    place: str | None = None
    """Pictures of one camera or clip: they resemble one another, and intervals are drawn over places."""
    synthetic: bool = False
    """Light or weather is drawn by code."""


class Labels(_Strict):
    """The label file of a folder of pictures."""

    format: Literal["wayside-machines/1"] = FORMAT
    pictures: tuple[LabelledPicture, ...] = Field(min_length=1, max_length=100_000)


def read(file: Path) -> Labels:
    """Read a label file. Raises BadLabels with the first fault and its place."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BadLabels(file, f"larger than {MAX_BYTES} bytes")
        return Labels.model_validate_json(data)
    except OSError as error:
        raise BadLabels(file, f"cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadLabels(file, f"{'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from error
