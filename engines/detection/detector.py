"""Runs a detector: a model with its manifest and its decoder turns pictures into detections."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import numpy as np

from engines.catalog.catalog import Catalog
from engines.detection.heads import check_fit, detector_parts, head_of
from engines.detection.postprocess import Detection, decoded, detections
from engines.detection.preprocess import (
    PAD_GREY,
    Picture,
    Size,
    check_picture,
    pass_size,
    tensor_covers,
    tensor_of,
    tensor_size,
    trained_size,
)
from engines.detection.scratch import Scratch
from engines.detection.tiles import Tile, joined, merged, pieces_of, tiles_of, views_of
from engines.errors import UnexpectedOutput
from engines.manifest import Group, Manifest
from engines.runtimes.engine import Engine, Tensor

RUN_PX = 2_400_000
"""Pixels of one run in `detect_pieces`, a little over 1080p: they bound the activations, and so the memory."""
PIECE_OVERLAP_PX = 128
PICTURES_A_RUN = 32
"""Most pictures or tiles of one run, even if the caller allows more: the default batch of a TensorRT plan."""
BATCH_PX = 8 * RUN_PX
"""Most pixels of one run, unless a single picture has more: 230 MB of input."""
TILES_A_RUN = 8
PROBE_PX = 256
"""Side of the picture of `probe`, where the model does not fix it: a multiple of every stride."""
_SCRATCH = Scratch()
"""Shared by all detectors: a thread runs one model at a time, and no engine keeps its input."""


class Detector:
    """Detects the classes of its manifest. Thread-safe, as its engine is. Raises WrongKind, ManifestInvalid."""

    def __init__(self, manifest: Manifest, engine: Engine, *, before_run: Callable[[], None] | None = None) -> None:
        self.manifest = manifest
        self.engine = engine
        self._input, self._output = detector_parts(manifest)
        head = head_of(manifest, self._output)
        self._decode = head.decode
        self._reads = {role: self._output.tensors.get(role, role) for role in head.shapes(self._output, None)}
        self._batch = _fixed_batch(engine, self._input.tensor)
        self._before_run = before_run

    @classmethod
    def load(cls, catalog: Catalog, name: str, *, threads: int = 1) -> Self:
        """Load the model file after its hash was checked, and choose its decoder.

        Raises what Catalog.load raises, WrongKind, ManifestInvalid, and ManifestMismatch if the tensors of the file
        are not those of the manifest.
        """
        manifest = catalog.manifest(name)
        # Before the file is touched: a wrong name is the likelier mistake.
        given, output = detector_parts(manifest)
        engine = catalog.load(name, threads=threads)
        check_fit(manifest, given, output, engine)
        return cls(manifest, engine)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def sha256(self) -> str:
        """The hash of the model file."""
        return self.engine.sha256

    @property
    def thresholds(self) -> Mapping[Group, float]:
        """The manifest's least scores, group by group."""
        return self._output.thresholds

    @property
    def precisions(self) -> frozenset[str]:
        """Hashes of this network's files at every precision."""
        return self.manifest.precisions

    def checked(self, before_run: Callable[[], None]) -> Self:
        """Return the same detector with `before_run`, which is called before each run of its model.

        An error that it raises ends the search between two runs: so a search that takes too long can be ended.
        """
        return type(self)(self.manifest, self.engine, before_run=before_run)

    def probe(self) -> None:
        """Run the model once on grey: sides that the file leaves open are known only then.

        Raises InferenceFailed, UnexpectedOutput.
        """
        width, height = self._input.width or PROBE_PX, self._input.height or PROBE_PX
        self.detect(np.full((height, width, 3), PAD_GREY, np.uint8))

    def detect(
        self, picture: Picture, *, size: Size | None = None, thresholds: Mapping[Group, float] | None = None
    ) -> list[Detection]:
        """Detect in one picture; detections best first, boxes in its own pixels.

        `size`: scale to this first (models without a fixed size, or with `pixels`). `thresholds` replace the
        manifest's, group by group. Raises BadImage, InferenceFailed, UnexpectedOutput.
        """
        return self.detect_many([picture], size=size, thresholds=thresholds)[0]

    def detect_many(
        self,
        pictures: Sequence[Picture],
        *,
        size: Size | None = None,
        thresholds: Mapping[Group, float] | None = None,
        at_a_time: int | None = None,
    ) -> list[list[Detection]]:
        """Detect in several pictures: those whose tensors have one size go through the model as one batch.

        A batch has at most `PICTURES_A_RUN` pictures and `BATCH_PX` pixels and is assembled right before its run:
        memory is bounded for any number of pictures. `at_a_time`: most pictures of a batch, for small caches.
        """
        limits = {**self._output.thresholds, **(thresholds or {})}
        floor = min(limits.values())
        sizes = [tensor_size(picture, self._input, size) for picture in pictures]
        found: list[list[Detection]] = [[] for _ in pictures]
        for tensor_px in dict.fromkeys(sizes):
            members = [index for index, own in enumerate(sizes) if own == tensor_px]
            step = self._step(tensor_px, at_a_time)
            for first in range(0, len(members), step):
                some = members[first : first + step]
                batch = _SCRATCH.lend((len(some), 3, tensor_px[1], tensor_px[0]))
                for row, index in enumerate(some):
                    tensor_of(pictures[index], self._input, size, into=batch[row])
                for index, one in zip(some, self._run(batch, tensor_px), strict=True):
                    candidates = decoded(self._decode, self.engine.name, one, tensor_px, self._output, floor)
                    picture_size = check_picture(pictures[index])
                    spans = tensor_covers(picture_size, tensor_px, self._input)
                    found[index] = detections(candidates, tensor_px, spans, picture_size, self._output, limits)
        return found

    def _step(self, tensor_px: Size, at_a_time: int | None) -> int:
        """Number of pictures of this size in one run."""
        most = max(1, min(PICTURES_A_RUN, BATCH_PX // (tensor_px[0] * tensor_px[1])))
        return self._batch or min(at_a_time or most, most)

    def _run(self, batch: Tensor, size: Size) -> Iterator[dict[str, Tensor]]:
        """Run the model and yield each picture's outputs by their roles. A batch of fixed size is filled up."""
        short = self._batch - len(batch) if self._batch else 0
        filled = np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short else batch
        inputs = {self._input.tensor: filled}
        if self._input.size_tensor is not None:
            kind = next(spec.dtype for spec in self.engine.inputs if spec.name == self._input.size_tensor)
            inputs[self._input.size_tensor] = np.tile(np.array(size, kind), (len(filled), 1))
        if self._before_run is not None:
            self._before_run()
        outputs = self.engine.run(inputs)
        read = {role: outputs[name] for role, name in self._reads.items() if name in outputs}
        for role, value in read.items():
            if value.ndim == 0 or len(value) != len(filled):
                raise UnexpectedOutput(
                    self.engine.name, f"{role} has shape {value.shape}, given {len(filled)} pictures"
                )
        for row in range(len(batch)):
            yield {role: value[row] for role, value in read.items()}

    def detect_pieces(
        self,
        picture: Picture,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = RUN_PX,
        small_only: bool = False,
    ) -> list[Detection]:
        """Detect in a picture of any size, stretched by `scale`: at once, or in pieces if it is over `run_px`.

        With pieces, the whole picture is searched too, shrunk to one run, unless `small_only`: an object larger than
        the overlap may be cut by every piece. Only for models without a fixed size. Raises what `detect` raises, and
        TooManyTiles.
        """
        width, height = check_picture(picture)
        tiles = pieces_of((width, height), round(run_px / scale**2), round(PIECE_OVERLAP_PX / min(scale, 2)))
        views = [
            (tile, self.detect(tile.cut(picture), size=_scaled(tile, scale), thresholds=thresholds)) for tile in tiles
        ]
        if len(views) == 1:
            return views[0][1]
        if not small_only:
            whole, smaller = Tile(0, 0, width, height), min(scale, (run_px / (width * height)) ** 0.5)
            views.append((whole, self.detect(picture, size=_scaled(whole, smaller), thresholds=thresholds)))
        return joined(views, (width, height), self._output.overlap)

    def detect_tiled(
        self, picture: Picture, *, thresholds: Mapping[Group, float] | None = None, reach_px: int | None = None
    ) -> list[Detection]:
        """Detect on the whole picture and on parts of it: in one pass for a model with `pixels`, else in squares.

        `reach_px`: a larger picture is also searched in pieces of about that side. Raises what `detect` raises, and
        TooManyTiles.
        """
        if self._input.pixels is None:
            return self.detect_squares(picture, thresholds=thresholds, reach_px=reach_px)
        size = check_picture(picture)
        tiles = views_of(size, reach_px=reach_px)
        sizes = [pass_size((tile.width, tile.height), self._input) for tile in tiles]
        views = [
            (tile, self.detect(tile.cut(picture), size=own, thresholds=thresholds))
            for tile, own in zip(tiles, sizes, strict=True)
        ]
        fine = joined(views, size, self._output.overlap)
        coarse = self.detect(picture, size=trained_size(size, self._input), thresholds=thresholds)
        return merged(fine, coarse, size, self._output.overlap)

    def detect_squares(
        self, picture: Picture, *, thresholds: Mapping[Group, float] | None = None, reach_px: int | None = None
    ) -> list[Detection]:
        """Detect on the whole picture and on the squares that cover it, as one batch of at most `TILES_A_RUN`.

        Costs about three runs at 16:9. Parameters and errors are those of `detect_tiled`.
        """
        size = check_picture(picture)
        tiles = tiles_of(size, reach_px=reach_px)
        cuts = [tile.cut(picture) for tile in tiles]
        found = self.detect_many(cuts, thresholds=thresholds, at_a_time=TILES_A_RUN)
        return joined(list(zip(tiles, found, strict=True)), size, self._output.overlap)

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """Detect as `detect_tiled` in several pictures; squares share batches. Raises what `detect_tiled` raises.

        A pass runs by itself: its pixels fill a processor's caches.
        """
        if self._input.pixels is not None:
            return [self.detect_tiled(picture, thresholds=thresholds) for picture in pictures]
        sizes = [check_picture(picture) for picture in pictures]
        tiles = [tiles_of(size) for size in sizes]
        cuts = [tile.cut(picture) for picture, own in zip(pictures, tiles, strict=True) for tile in own]
        found = iter(self.detect_many(cuts, thresholds=thresholds))
        return [
            joined([(tile, next(found)) for tile in own], size, self._output.overlap)
            for size, own in zip(sizes, tiles, strict=True)
        ]


def _scaled(tile: Tile, scale: float) -> Size:
    return max(1, round(tile.width * scale)), max(1, round(tile.height * scale))


def _fixed_batch(engine: Engine, tensor: str) -> int | None:
    """Batch size that the model file fixes, or None: exports without a dynamic batch are common."""
    return next((spec.shape[0] for spec in engine.inputs if spec.name == tensor and spec.shape), None)
