"""The processor time of one picture's redaction, by step: the runs of each model, and what is beside them.

Models are told apart by name, and their steps by the size that they are given. All is on one thread here, so that the
processor time of the process is that of the step.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import cv2

from bench.evaluation.builder import FULL_HD, HD, Builder
from bench.evaluation.photographs import Image, Photographs
from bench.evaluation.portraits import GRID, portraits, scene
from bench.measure import Comparison, cpu_ms
from edge_agent.clock import SystemClock
from edge_agent.redact_files.file_redactor import redact_image
from edge_agent.redactor import FACES, PEOPLE, PLATES, SMALL_FACES, TEXT, models_of
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.people import CANVAS_PX
from edge_agent.redactor.plates import TENSOR_PX as PLATE_WINDOW
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.redactor.small_faces import SEARCHES
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.preprocess import Size
from engines.runtimes.engine import Engine, Tensor
from provisioning.contracts.config.processes import Camera, Redactor, ReplaySource

RUNS: Final = 5
ALL: Final = "all"
TIMEOUT_S: Final = 600.0
AGAIN: Final = (1, 3, CANVAS_PX, CANVAS_PX)
"""Input of NanoDet for doubtful people; the whole picture and its squares are a batch."""
WINDOWS: Final[Mapping[tuple[str, Size], str]] = {
    **{(FACES, (each.tensor_px, each.tensor_px)): "CenterFace in windows" for each in SEARCHES.values()},
    (PLATES, PLATE_WINDOW): "plates in windows",
}
WHOLE: Final[Mapping[str, str]] = {
    PEOPLE: "people",
    f"{PEOPLE}-int7": "machines",
    f"{PEOPLE}-int8": "machines",
    FACES: "CenterFace in the encoded picture",
    SMALL_FACES: "YuNet in the enlarged picture",
    PLATES: "plates",
    TEXT: "text",
}


class _Timed:
    """An engine that adds the processor time of its runs to the step that it is in."""

    def __init__(self, engine: Engine, model: str, spent: dict[str, float]) -> None:
        self.name, self.sha256, self.inputs, self.outputs = engine.name, engine.sha256, engine.inputs, engine.outputs
        self._engine, self._model, self._spent = engine, model, spent

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        began = time.process_time()
        outputs = self._engine.run(inputs)
        shape = next(iter(inputs.values())).shape
        step = WINDOWS.get((self._model, (shape[3], shape[2])), WHOLE[self._model])
        if self._model == PEOPLE and shape == AGAIN:
            step = "doubtful people again"
        self._spent[step] = self._spent.get(step, 0.0) + (time.process_time() - began) * 1000
        return outputs


def measure(scratch: Path) -> Iterator[Comparison]:
    """CPU milliseconds of each step of a picture of 720 and one of 1080 lines, beside those of the whole redaction."""
    photographs, catalog, spent = Photographs(), Catalog(), dict[str, float]()
    busts = portraits(photographs)[: GRID[0] * GRID[1]]
    builder = Builder(scratch, photographs)
    redactor = _redactor(catalog, spent)
    for size in (HD, FULL_HD):
        picture, _ = scene(builder.backgrounds(size)[0], busts, 30, Random(0))
        _run(redactor(), picture, spent)
        yield from _steps(f"{size[1]}p", [_run(redactor(), picture, spent) for _ in range(RUNS)])


def _run(redactor: CameraRedactor, picture: Image, spent: dict[str, float]) -> dict[str, float]:
    """Return the CPU milliseconds of each step of one redaction, and of all."""
    spent.clear()
    whole = cpu_ms(lambda: redact_image(redactor, 0, 0, picture))
    encoding, decoding = _jpeg(picture)
    return {**spent, "encode": encoding, "decode the encoded picture": decoding, ALL: whole}


def _redactor(catalog: Catalog, spent: dict[str, float]) -> Callable[[], CameraRedactor]:
    """Return what makes a redactor without memories, whose models note their time."""
    names = models_of(catalog)
    loaded = {name: Detector.load(catalog, name) for name in names}
    timed = {model: Detector(one.manifest, _Timed(one.engine, model, spent)) for model, one in loaded.items()}
    hashes = {one.name: one.sha256 for one in loaded.values()}
    machines, people, faces, tiny_faces, plates, text = (timed[name] for name in names)
    detectors = Detectors(machines, people, faces, plates, text, tiny_faces, hashes)
    camera = Camera(id="bench", source=ReplaySource(path=Path(os.devnull)))
    settings = Redactor(threads=1, timeout_s=TIMEOUT_S)
    return lambda: CameraRedactor("bench", camera, settings, detectors, SystemClock())


def _jpeg(picture: Image) -> tuple[float, float]:
    """CPU milliseconds to encode a picture and to decode it."""
    buffers: list[Any] = []
    encode = cpu_ms(lambda: buffers.append(cv2.imencode(".jpg", picture)[1]))
    return encode, cpu_ms(lambda: cv2.imdecode(buffers[0], cv2.IMREAD_COLOR))


def _steps(name: str, runs: Sequence[Mapping[str, float]]) -> Iterator[Comparison]:
    medians = {step: statistics.median(run.get(step, 0.0) for run in runs) for step in runs[0]}
    whole = medians.pop(ALL)
    medians["resizing, boxes and the rest"] = whole - sum(medians.values())
    for step, spent in medians.items():
        yield Comparison(
            name=f"redact {name}: {step}",
            unit="CPU ms",
            ours=spent,
            baseline=whole,
            ratio=spent / whole,
            baseline_is="the whole picture on one thread",
            runs=len(runs),
        )
