"""A model, its manifest and its decoder: pictures in, detections out."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from engines.catalog import Catalog
from engines.detection import Decode, Detection, decoded, detections, nanodet
from engines.engine import Engine
from engines.errors import ManifestInvalid, WrongKind
from engines.faces import centerface
from engines.manifest import Group, Input, Kind, Manifest, Output
from engines.pictures import Picture, Size, check_picture, tensor_covers, tensor_of
from engines.plates import clp
from engines.tiles import joined, tiles_of

DECODERS: Mapping[str, Decode] = {"nanodet": nanodet, "centerface": centerface, "clp": clp}
"""Every head that can be read. Another ONNX detector with one of these needs a manifest and no code."""


class Detector:
    """Finds what its manifest lists. Thread-safe, as its engine is. Raises WrongKind, ManifestInvalid."""

    def __init__(self, manifest: Manifest, engine: Engine) -> None:
        self.manifest = manifest
        self.engine = engine
        self._input, self._output = _run_as_detector(manifest)
        self._decode = DECODERS[self._output.decoder]

    @classmethod
    def load(cls, catalog: Catalog, name: str, *, threads: int = 1) -> Self:
        """Check the file, load it and take its decoder. Raises what Catalog.load raises, and WrongKind."""
        _run_as_detector(catalog.manifest(name))  # before the file is touched: a wrong name is the likelier mistake
        return cls(catalog.manifest(name), catalog.load(name, threads=threads))

    def detect(
        self, picture: Picture, *, size: Size | None = None, thresholds: Mapping[Group, float] | None = None
    ) -> list[Detection]:
        """What is in one picture, best first; boxes in its own pixels.

        `size`: stretch to this first (models without a fixed size only). `thresholds` replace the manifest's, group by
        group. Raises BadImage, InferenceFailed, UnexpectedOutput.
        """
        return self.detect_many([picture], size=size, thresholds=thresholds)[0]

    def detect_many(
        self,
        pictures: Sequence[Picture],
        *,
        size: Size | None = None,
        thresholds: Mapping[Group, float] | None = None,
    ) -> list[list[Detection]]:
        """`detect` for several pictures: those whose tensors have one size go through the model as one batch."""
        limits = {**self._output.thresholds, **(thresholds or {})}
        floor = min(limits.values())
        tensors = [tensor_of(picture, self._input, size) for picture in pictures]
        found: list[list[Detection]] = [[] for _ in pictures]
        for shape in dict.fromkeys(tensor.shape for tensor in tensors):
            members = [index for index, tensor in enumerate(tensors) if tensor.shape == shape]
            batch = np.stack([tensors[index] for index in members])
            outputs = self.engine.run({self._input.tensor: batch})
            tensor_size = (shape[2], shape[1])
            for row, index in enumerate(members):
                one = {name: value[row] for name, value in outputs.items()}
                candidates = decoded(self._decode, self.engine.name, one, tensor_size, self._output, floor)
                picture_size = check_picture(pictures[index])
                spans = tensor_covers(picture_size, tensor_size, self._input)
                found[index] = detections(candidates, tensor_size, spans, picture_size, self._output, limits)
        return found

    def detect_tiled(self, picture: Picture, *, thresholds: Mapping[Group, float] | None = None) -> list[Detection]:
        """`detect` on the whole picture and on the squares that cover it, as one batch.

        Costs about three runs at 16:9. Raises what `detect` raises.
        """
        return self.detect_tiled_many([picture], thresholds=thresholds)[0]

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """`detect_tiled` for several pictures: all their tiles go through the model as one batch."""
        sizes = [check_picture(picture) for picture in pictures]
        tiles = [tiles_of(size) for size in sizes]
        cuts = [tile.cut(picture) for picture, own in zip(pictures, tiles, strict=True) for tile in own]
        found = iter(self.detect_many(cuts, thresholds=thresholds))
        return [
            joined([(tile, next(found)) for tile in own], size, self._output.overlap)
            for size, own in zip(sizes, tiles, strict=True)
        ]


def _run_as_detector(manifest: Manifest) -> tuple[Input, Output]:
    if manifest.kind is not Kind.MODEL or manifest.input is None or manifest.output is None:
        raise WrongKind(manifest.name, manifest.kind, "a detector")
    if manifest.output.decoder not in DECODERS:
        known = ", ".join(sorted(DECODERS))
        raise ManifestInvalid(manifest.name, f"no decoder {manifest.output.decoder!r}; there are {known}")
    return manifest.input, manifest.output
