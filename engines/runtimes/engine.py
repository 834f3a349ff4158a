"""Defines the interface of a runtime: named tensors in, named tensors out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.errors import BadTensor

Tensor = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Name, shape and element type of a tensor. None in `shape` is a dimension that may differ from run to run."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    """numpy's name of the element type, such as `float32`."""

    def complaint(self, tensor: Tensor) -> str | None:
        """Return the reason why a tensor does not fit, or None if it does."""
        if tensor.dtype != np.dtype(self.dtype):
            return f"is {tensor.dtype}, wanted {self.dtype}"
        fits = len(tensor.shape) == len(self.shape) and all(
            wanted in {None, size} for wanted, size in zip(self.shape, tensor.shape, strict=True)
        )
        if not fits:
            wanted = " x ".join("any" if size is None else str(size) for size in self.shape)
            return f"has shape {tensor.shape}, wanted {wanted}"
        if 0 in tensor.shape:
            return f"has shape {tensor.shape}: nothing to compute"
        return None


class Engine(Protocol):
    """A loaded model. `run` may be called from several threads at once."""

    @property
    def name(self) -> str:
        """The name of its manifest."""
        ...

    @property
    def sha256(self) -> str:
        """SHA-256 of the model file, which every redacted snapshot records."""
        ...

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Every tensor that `run` wants."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """Every tensor that `run` returns."""
        ...

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one inference. Raises BadTensor, InferenceFailed."""
        ...


def check_inputs(engine: str, specs: Sequence[TensorSpec], inputs: Mapping[str, Tensor]) -> None:
    """Raise BadTensor unless `inputs` are exactly the tensors that `specs` declare."""
    for spec in specs:
        if spec.name not in inputs:
            raise BadTensor(engine, spec.name, "is missing")
        complaint = spec.complaint(inputs[spec.name])
        if complaint:
            raise BadTensor(engine, spec.name, complaint)
    unknown = set(inputs) - {spec.name for spec in specs}
    if unknown:
        raise BadTensor(engine, min(unknown), "is not one of its inputs")
