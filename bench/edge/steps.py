"""The processor time of one picture's redaction, by step: the runs of each model, and what is beside them.

`python -m bench.edge.steps` prints it as a table: a stream's picture of 720 and of 1080 lines; a scene of 1080 lines
and a vehicle as devices push them, in which every line of text is looked for. Models are told apart by name, and their
steps by the size that they are given. All is on one thread here, so that the processor time of the process is that of
the step.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, Self

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.evaluation.builder import FULL_HD, HD, Builder
from bench.evaluation.machine_pictures import drawn, packages
from bench.evaluation.photographs import Image, Photographs
from bench.evaluation.portraits import GRID, portraits, scene
from bench.measure import Comparison, cpu_ms
from edge_agent.clock import SystemClock
from edge_agent.frames import Frame, Selected, SelectReason
from edge_agent.redactor import FACES, PEOPLE, PLATES, SMALL_FACES, TEXT, models_of
from edge_agent.redactor.detect import Findings
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.people import CANVAS_PX
from edge_agent.redactor.plates import TENSOR_PX as PLATE_WINDOW
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.redactor.small_faces import TENSOR_PX as FACE_WINDOW
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture, Size
from engines.manifest import Manifest
from engines.runtimes.engine import Engine, Tensor
from provisioning.contracts.config.processes import Camera, Redactor, ReplaySource
from provisioning.contracts.wire.messages import Box, ClockQuality, Snapshot

RUNS: Final = 5
VEHICLE_PX: Final = 600
VEHICLES: Final = 8
FOUR: Final = frozenset({"car", "truck", "bus"})
ALL: Final = "all"
TIMEOUT_S: Final = 600.0
AGAIN: Final = (1, 3, CANVAS_PX, CANVAS_PX)
"""Input of NanoDet for doubtful people; the whole picture and its squares are a batch."""
FACES_FORMS: Final = (FACES, f"{FACES}-int7", f"{FACES}-int8")
WINDOWS: Final[Mapping[tuple[str, Size], str]] = {
    **{(form, (FACE_WINDOW, FACE_WINDOW)): "CenterFace in windows" for form in FACES_FORMS},
    (PLATES, PLATE_WINDOW): "plates in windows",
}
WHOLE: Final[Mapping[str, str]] = {
    PEOPLE: "people in the picture and squares",
    f"{PEOPLE}-int7": "machines",
    f"{PEOPLE}-int8": "machines",
    **dict.fromkeys(FACES_FORMS, "second look: CenterFace"),
    SMALL_FACES: "YuNet in the enlarged picture",
    PLATES: "plates",
    TEXT: "text",
}
DOUBTFUL: Final = "doubtful people again"
SCALING: Final = "scaling to tensors, boxes out of them"
JOINING: Final = "merge tiles"
PAINTING: Final = "paint, encode, decode again"
ENVELOPE: Final = "quality, hash, envelope"
REST: Final = "camera's text, covers, the rest"
SOURCE: Final = "decode a JPEG, before redaction"


class _Spent:
    """Adds up the processor time of steps, in milliseconds; a step within a step is not the outer one's."""

    def __init__(self) -> None:
        self.by_step: dict[str, float] = {}
        self._within: list[float] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._within.append(0.0)
        began = time.process_time()
        try:
            yield
        finally:
            took = (time.process_time() - began) * 1000
            self.by_step[name] = self.by_step.get(name, 0.0) + took - self._within.pop()
            if self._within:
                self._within[-1] += took


class _TimedEngine:
    """An engine whose runs are steps."""

    def __init__(self, engine: Engine, model: str, spent: _Spent) -> None:
        self.name, self.sha256, self.inputs, self.outputs = engine.name, engine.sha256, engine.inputs, engine.outputs
        self.spent = spent
        self._engine, self._model = engine, model

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        shape = next(iter(inputs.values())).shape
        step = WINDOWS.get((self._model, (shape[3], shape[2])), WHOLE[self._model])
        with self.spent.step(DOUBTFUL if self._model == PEOPLE and shape == AGAIN else step):
            return self._engine.run(inputs)


class _TimedDetector(Detector):
    """A detector that tells its model's runs from what is around them."""

    def __init__(
        self, manifest: Manifest, engine: _TimedEngine, *, before_run: Callable[[], None] | None = None
    ) -> None:
        super().__init__(manifest, engine, before_run=before_run)
        self._timed = engine

    def checked(self, before_run: Callable[[], None]) -> Self:
        return type(self)(self.manifest, self._timed, before_run=before_run)

    def detect_many(self, pictures: Sequence[Picture], **how: Any) -> list[list[Detection]]:
        with self._timed.spent.step(SCALING):
            return super().detect_many(pictures, **how)

    def detect_pieces(self, picture: Picture, **how: Any) -> list[Detection]:
        with self._timed.spent.step(JOINING):
            return super().detect_pieces(picture, **how)

    def detect_tiled(self, picture: Picture, **how: Any) -> list[Detection]:
        with self._timed.spent.step(JOINING):
            return super().detect_tiled(picture, **how)

    def detect_squares(self, picture: Picture, **how: Any) -> list[Detection]:
        with self._timed.spent.step(JOINING):
            return super().detect_squares(picture, **how)


class _TimedRedactor(CameraRedactor):
    """A camera's redactor that tells painting and encoding, and the envelope, from the searches."""

    spent: _Spent

    def _encoded(self, image: Image, boxes: Sequence[Box]) -> tuple[bytes, Image]:
        with self.spent.step(PAINTING):
            return super()._encoded(image, boxes)

    def _envelope(
        self, selected: Selected, findings: Findings, picture: bytes, boxes: tuple[Box, ...], policy: str
    ) -> Snapshot:
        with self.spent.step(ENVELOPE):
            return super()._envelope(selected, findings, picture, boxes, policy)


def measure(scratch: Path) -> Iterator[Comparison]:
    """CPU milliseconds of each step of a picture, by kind, beside those of the whole redaction."""
    for name, medians in _medians(scratch).items():
        whole = medians.pop(ALL)
        for step, spent in medians.items():
            yield Comparison(
                name=f"redact {name}: {step}",
                unit="CPU ms",
                ours=spent,
                baseline=whole,
                ratio=spent / whole,
                baseline_is="the whole picture on one thread",
                runs=RUNS,
            )


def _medians(scratch: Path) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each step and of all, by kind of picture; those of all come last."""
    photographs, spent = Photographs(), _Spent()
    redactor = _redactor(Catalog(), spent)
    medians = {}
    for kind, (reason, pictures) in _kinds(scratch, photographs).items():
        _run(redactor(), pictures[0], reason, spent)
        runs = [_run(redactor(), picture, reason, spent) for picture in pictures for _ in range(RUNS)]
        steps = dict.fromkeys(step for run in runs for step in run)
        medians[kind] = {step: statistics.median(run.get(step, 0.0) for run in runs) for step in steps}
    return medians


def _kinds(scratch: Path, photographs: Photographs) -> dict[str, tuple[SelectReason, list[Image]]]:
    """Return the kinds of pictures: why they were selected, and examples."""
    busts = portraits(photographs)[: GRID[0] * GRID[1]]
    builder = Builder(scratch, photographs)
    streets = {size: scene(builder.backgrounds(size)[0], busts, 30, Random(0))[0] for size in (HD, FULL_HD)}
    return {
        "720p": (SelectReason.FIRST, [streets[HD]]),
        "1080p": (SelectReason.FIRST, [streets[FULL_HD]]),
        "1080p, pushed": (SelectReason.PUSHED, [streets[FULL_HD]]),
        f"vehicle, {VEHICLE_PX} px, pushed": (SelectReason.PUSHED, _vehicles(Photographs(packages()))),
    }


def _vehicles(photographs: Photographs) -> list[Image]:
    """Return the largest labelled vehicles, cut out with a tenth around them, as a checkpoint camera does it."""
    labelled = [
        (one, machine["box"]) for one in drawn()["pictures"] for machine in one["machines"] if machine["class"] in FOUR
    ]
    largest = sorted(labelled, key=lambda each: each[1][2] - each[1][0], reverse=True)[:VEHICLES]
    pictures = []
    for one, (x0, y0, x1, y1) in largest:
        image = photographs.picture(one["package"], one["file"])
        height, width = image.shape[:2]
        grown, up = (x1 - x0) // 10, (y1 - y0) // 10
        cut = image[max(0, y0 - up) : min(height, y1 + up), max(0, x0 - grown) : min(width, x1 + grown)]
        lines = round(VEHICLE_PX * cut.shape[0] / cut.shape[1])
        pictures.append(np.asarray(cv2.resize(cut, (VEHICLE_PX, lines), interpolation=cv2.INTER_AREA), np.uint8))
    return pictures


def _run(redactor: CameraRedactor, picture: Image, reason: SelectReason, spent: _Spent) -> dict[str, float]:
    """Return the CPU milliseconds of each step of one redaction, and of all."""
    jpeg = cv2.imencode(".jpg", picture)[1]
    source = cpu_ms(lambda: cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    frame = Frame("bench", 0, ClockQuality.ARRIVAL, "f0", picture)
    spent.by_step.clear()
    with spent.step(REST):
        redactor.redact(Selected(frame, reason))
    return {SOURCE: source, **spent.by_step, ALL: sum(spent.by_step.values())}


def _redactor(catalog: Catalog, spent: _Spent) -> Callable[[], CameraRedactor]:
    """Return what makes a redactor without memories, whose models note their time."""
    names = models_of(catalog)
    loaded = {name: Detector.load(catalog, name) for name in names}
    timed = {
        model: _TimedDetector(one.manifest, _TimedEngine(one.engine, model, spent)) for model, one in loaded.items()
    }
    hashes = {one.name: one.sha256 for one in loaded.values()}
    machines, people, faces, tiny_faces, plates, text = (timed[name] for name in names)
    detectors = Detectors(machines, people, faces, plates, text, tiny_faces, hashes)
    camera = Camera(id="bench", source=ReplaySource(path=Path(os.devnull)))
    settings = Redactor(threads=1, timeout_s=TIMEOUT_S)

    def made() -> CameraRedactor:
        redactor = _TimedRedactor("bench", camera, settings, detectors, SystemClock())
        redactor.spent = spent
        return redactor

    return made


def main() -> None:
    """Print milliseconds and shares of each step."""
    with tempfile.TemporaryDirectory(prefix="wayside-steps-") as scratch:
        medians = _medians(Path(scratch))
    table = Table("step", title="CPU ms and share of one picture")
    for name in medians:
        table.add_column(name, justify="right")
        table.add_column("%", justify="right")
    steps = dict.fromkeys(step for own in medians.values() for step in own if step != ALL)
    for step in (*steps, ALL):
        cells = [(own.get(step, 0.0), own[ALL]) for own in medians.values()]
        shown = (text for spent, whole in cells for text in (f"{spent:.0f}", f"{100 * spent / whole:.0f}"))
        table.add_row(step, *shown)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
