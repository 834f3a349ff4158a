"""Turns the pictures of a folder into input tensors of a model: for INT8 ranges, and to compare precisions."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engines.cli.annotate import read_picture
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture, Size, tensor_of
from engines.errors import BadPictureFile, WrongKind
from engines.manifest import Kind, Manifest
from engines.runtimes.engine import Engine, Tensor

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
MAX_FILES = 100_000

LARGEST: Size = (1920, 1088)
"""Size to which a picture is shrunk for a model that takes any size."""


class Tap:
    """Wraps an engine and keeps the inputs and outputs of its last run. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.sha256 = engine.name, engine.sha256
        self.inputs, self.outputs = engine.inputs, engine.outputs
        self.fed: dict[str, Tensor] = {}
        self.answered: dict[str, Tensor] = {}

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        self.fed = dict(inputs)
        self.answered = self._engine.run(inputs)
        return self.answered


class TappedModel:
    """Runs a model on pictures, one by one, and taps its tensors; a detector also returns detections."""

    def __init__(self, manifest: Manifest, engine: Engine) -> None:
        if manifest.kind is not Kind.MODEL or manifest.input is None:
            raise WrongKind(manifest.name, manifest.kind, "a model that takes a picture")
        self.tap = Tap(engine)
        self._input = manifest.input
        self._detector = Detector(manifest, self.tap) if manifest.output is not None else None

    def detect(self, picture: Picture, largest: Size = LARGEST) -> list[Detection]:
        """Detect in a picture; empty for other models. Raises BadImage, InferenceFailed, UnexpectedOutput."""
        size = None if self._input.width is not None else _within(picture, largest)
        if self._detector is not None:
            return self._detector.detect(picture, size=size)
        self.tap.run({self._input.tensor: tensor_of(picture, self._input, size)[None]})
        return []


def pictures_in(folder: Path, *, most: int) -> Iterator[Picture]:
    """Read up to `most` pictures of a folder, by name, evenly chosen if there are more. Raises BadPictureFile."""
    if not folder.is_dir():
        raise BadPictureFile(folder, "is no folder")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)[:MAX_FILES]
    if not files:
        raise BadPictureFile(folder, "holds no picture")
    count = min(most, len(files))
    for index in range(count):
        yield read_picture(files[index * len(files) // count])


def samples_of(model: TappedModel, pictures: Iterable[Picture]) -> Iterator[dict[str, Tensor]]:
    """Yield the input tensors of each picture, as `Engine.run` takes them."""
    for picture in pictures:
        model.detect(picture)
        yield model.tap.fed


def _within(picture: Picture, largest: Size) -> Size:
    height, width = picture.shape[:2]
    scale = min(1.0, largest[0] / width, largest[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
