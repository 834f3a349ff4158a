"""Times variants of one model beside ONNX Runtime in float32, in the same run, and measures how far they agree."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engines.accuracy.matching import IOU
from engines.cli.agreement import Tally, cosines
from engines.cli.calibration import LARGEST, TappedModel
from engines.detection.preprocess import Picture, Size
from engines.manifest import Manifest
from engines.runtimes.engine import Engine, Tensor
from engines.runtimes.selection import Running

WARM_UP = 2
SEED = 20261126


@dataclass(frozen=True, slots=True)
class Timing:
    """Run time of one variant at one batch size."""

    running: Running
    batch: int
    ms: float
    """Median time of a batch in milliseconds, copies to the device and back included."""
    ms_p95: float
    ratio: float
    """Median of the time over that of the baseline, run by run: below 1 is faster."""

    @property
    def pictures_per_s(self) -> float:
        """Pictures per second by the median time."""
        return self.batch * 1000 / self.ms

    def as_json(self) -> dict[str, Any]:
        return {
            "backend": self.running.backend,
            "precision": self.running.precision,
            "device": self.running.device,
            "batch": self.batch,
            "ms": round(self.ms, 3),
            "ms_p95": round(self.ms_p95, 3),
            "pictures_per_s": round(self.pictures_per_s, 2),
            "ratio_to_baseline": round(self.ratio, 3),
        }


def timed(
    engines: Sequence[tuple[Engine, Running]],
    batch: int,
    size: Size,
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Timing]:
    """Time all engines in turn on the same noise; the first is the baseline. Raises InferenceFailed, BadTensor."""
    feed = noise(engines[0][0], batch, size)
    for engine, _ in engines:
        for _ in range(WARM_UP):
            engine.run(feed)
    taken: list[list[float]] = [[] for _ in engines]
    for _ in range(rounds):
        for (engine, _), mine in zip(engines, taken, strict=True):
            began = clock()
            engine.run(feed)
            mine.append((clock() - began) * 1000)
    return [
        Timing(
            running,
            batch,
            statistics.median(mine),
            float(np.percentile(mine, 95)),
            statistics.median(a / b for a, b in zip(mine, taken[0], strict=True)),
        )
        for (_, running), mine in zip(engines, taken, strict=True)
    ]


def noise(engine: Engine, batch: int, size: Size) -> dict[str, Tensor]:
    """Make a seeded random tensor for each input. Free axes: the batch, then height and width of a picture."""
    random = np.random.default_rng(SEED)
    feed = {}
    for spec in engine.inputs:
        free = {0: batch, 2: size[1], 3: size[0]}
        shape = tuple(free.get(axis, 1) if wanted is None else wanted for axis, wanted in enumerate(spec.shape))
        feed[spec.name] = random.standard_normal(shape).astype(spec.dtype)
    return feed


@dataclass(slots=True)
class Agreement:
    """Agreement of one variant with the reference."""

    running: Running
    tally: Tally = field(default_factory=Tally)
    cosines: dict[str, list[float]] = field(default_factory=dict)
    """Cosine of each output, picture by picture."""

    def as_json(self) -> dict[str, Any]:
        return {
            "backend": self.running.backend,
            "precision": self.running.precision,
            "device": self.running.device,
            "detections": self.tally.as_json(),
            "cosine_min": {name: round(min(values), 5) for name, values in self.cosines.items()},
            "cosine_mean": {name: round(statistics.fmean(values), 5) for name, values in self.cosines.items()},
        }


def compared(
    manifest: Manifest,
    reference: Engine,
    candidates: Sequence[tuple[Engine, Running]],
    pictures: Iterable[Picture],
    *,
    iou: float = IOU,
    largest: Size = LARGEST,
) -> list[Agreement]:
    """Compare every candidate with the reference on every picture. Raises what a detector raises."""
    truth = TappedModel(manifest, reference)
    models = [TappedModel(manifest, engine) for engine, _ in candidates]
    found = [Agreement(running) for _, running in candidates]
    for picture in pictures:
        expected = truth.detect(picture, largest)
        for model, agreement in zip(models, found, strict=True):
            agreement.tally.add(expected, model.detect(picture, largest), iou)
            alike: Mapping[str, float] = cosines(truth.tap.answered, model.tap.answered)
            for name, value in alike.items():
                agreement.cosines.setdefault(name, []).append(value)
    return found
