"""Runs an embedding model with its manifest and its projection: turns crops into vectors."""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np

from engines.catalog.catalog import Catalog
from engines.detection.postprocess import Floats
from engines.embedding.crops import BINS, Crop, projection, projection_sha256, tensor_of_crop, vectors
from engines.errors import ManifestInvalid, UnexpectedOutput, WrongKind
from engines.manifest import Embedding, Input, Kind, Manifest
from engines.runtimes.engine import Engine

CROPS_A_RUN: Final = 32
"""Most crops of one run: 19 MB of input."""


class Vectoriser:
    """Computes vectors of crops. Thread-safe, as its engine is. Raises WrongKind, ManifestInvalid."""

    def __init__(self, manifest: Manifest, engine: Engine) -> None:
        self.manifest = manifest
        self.engine = engine
        self._input, self.embedding = _run_as_embedding(manifest)
        self._matrix = projection(self.embedding.seed, self.embedding.features + BINS, self.embedding.dimensions)
        got = projection_sha256(self._matrix)
        if got != self.embedding.projection_sha256:
            raise ManifestInvalid(
                manifest.name, f"its projection has sha256 {self.embedding.projection_sha256}, its seed makes {got}"
            )

    @classmethod
    def load(cls, catalog: Catalog, name: str, *, threads: int = 1) -> Self:
        """Load the model, its hash checked, and make its projection. Raises what Catalog.load raises, and WrongKind."""
        _run_as_embedding(catalog.manifest(name))  # before the file is touched: a wrong name is the likelier mistake
        return cls(catalog.manifest(name), catalog.load(name, threads=threads))

    def features(self, crops: Sequence[Crop]) -> Floats:
        """Run the network: n x `embedding.features`. Raises BadImage, InferenceFailed, UnexpectedOutput."""
        found = []
        for first in range(0, len(crops), CROPS_A_RUN):
            some = crops[first : first + CROPS_A_RUN]
            batch = np.stack([tensor_of_crop(crop, self._input) for crop in some])
            outputs = self.engine.run({self._input.tensor: batch})
            value = outputs.get(self.embedding.output)
            if value is None or value.shape != (len(some), self.embedding.features):
                returned = "none" if value is None else f"one of shape {value.shape}"
                raise UnexpectedOutput(self.engine.name, f"{returned} named {self.embedding.output!r}")
            if not np.isfinite(value).all():
                raise UnexpectedOutput(self.engine.name, "a feature is not a number")
            found.append(np.asarray(value, np.float32))
        return np.concatenate(found) if found else np.zeros((0, self.embedding.features), np.float32)

    def vectors(self, crops: Sequence[Crop]) -> Floats:
        """Compute vectors (n x `embedding.dimensions`), each of length 1. Raises what `features` raises."""
        if not crops:
            return np.zeros((0, self.embedding.dimensions), np.float32)
        return vectors(self.features(crops), crops, self.embedding, self._matrix)


def _run_as_embedding(manifest: Manifest) -> tuple[Input, Embedding]:
    if manifest.kind is not Kind.MODEL or manifest.input is None or manifest.embedding is None:
        raise WrongKind(manifest.name, manifest.kind, "a model of appearances ([embedding])")
    if manifest.embedding.dimensions > manifest.embedding.features + BINS:
        raise ManifestInvalid(manifest.name, "embedding.dimensions: more than the features and the histogram have")
    if manifest.input.width is None:
        raise ManifestInvalid(manifest.name, "input: an embedding needs a fixed width and height")
    return manifest.input, manifest.embedding
