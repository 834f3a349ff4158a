"""Names runtimes and precisions of models, for manifests, settings and command lines."""

import tomllib
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from engines.errors import ManifestInvalid

NodeName = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Backend(StrEnum):
    """Runtime of a model. Only `auto` may fall back to ONNX Runtime, and then it reports the reason."""

    ORT = "ort"
    TRT = "trt"
    AUTO = "auto"


class Precision(StrEnum):
    """Precision of the arithmetic inside a network; its inputs and outputs are float32 at each of them."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class Flavour(StrEnum):
    """Variant of TensorRT. A plan of one variant is refused by the other."""

    TENSORRT = "tensorrt"
    """Builds on the device itself and measures its kernels there: takes minutes, for that device only."""

    RTX = "tensorrt-rtx"
    """Builds for a compute capability on any machine, in seconds; the rest is compiled when the plan is loaded."""


class Wish(BaseModel):
    """Runtime settings of a model: `[runtime]` of its manifest, or a setting of the machine, which takes precedence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Backend = Backend.ORT
    precision: Precision = Precision.FP32
    """Precision of a TensorRT plan. ONNX Runtime runs the model file as it is."""

    exclude: Annotated[tuple[NodeName, ...], Field(max_length=1000)] = ()
    """Convolutions that stay float32 where INT8 costs too much accuracy (`wayside-engines build --list-nodes`)."""

    @model_validator(mode="after")
    def _ort_runs_the_file(self) -> Self:
        if self.backend is Backend.ORT and (self.precision is not Precision.FP32 or self.exclude):
            raise ValueError("ONNX Runtime runs the model file as it is: a precision is for backend trt or auto")
        return self


WISHES = TypeAdapter(dict[str, Wish])
MAX_WISHES_BYTES = 64 << 10


def read_wishes(text: bytes, where: str) -> dict[str, Wish]:
    """Parse the settings of one machine: a TOML table a model, with the keys of `Wish`. Raises ManifestInvalid."""
    if len(text) > MAX_WISHES_BYTES:
        raise ManifestInvalid(where, f"larger than {MAX_WISHES_BYTES} bytes")
    try:
        return WISHES.validate_python(tomllib.loads(text.decode()))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ManifestInvalid(where, f"{path}: {first['msg']}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestInvalid(where, f"not TOML ({error})") from error
