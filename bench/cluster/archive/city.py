"""Synthetic traffic: machines whose vectors cluster as an embedder's do.

A few makes are common and most rare (a power law over 2,000 centres); each of 20,000 models lies round its make, and
a sighting round its model: cosine about 0.83 within a model, 0.6 within a make, 0 between makes.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts import ids
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import (
    Box,
    ClockQuality,
    Machine,
    MachineClass,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Snapshot,
)
from ray_cluster.archive.entries import Entry
from ray_cluster.inference.appearance import DIMENSIONS, Appearance

MACHINES_A_SNAPSHOT: Final = 3
CAMERAS: Final = 500
DAY_START_MS: Final = 1_795_449_600_000
"""2026-11-24 00:00 at +08:00."""
_MAKES: Final = 2_000
_MODELS: Final = 20_000
_PICTURE: Final = b"\xff\xd8" + bytes(30)
_REDACTION: Final = Redaction(
    policy="bench", models={"net": "0" * 64}, regions=(Box(x0=0, y0=0, x1=9, y1=9),), covered_share=0.01
)
_QUALITY: Final = Quality(sharpness=0.1, brightness=0.2, contrast=0.3)
_CLASSES: Final = list(MachineClass)
_COLOURS: Final = list(MachineColour)
_BOXES: Final = tuple(
    Box(x0=left, y0=left % 701, x1=left + 60 + left % 331, y1=left % 701 + 60 + left % 211)
    for left in range(0, 1500, 7)
)


class City:
    """The same traffic for the same seed; `sightings` gives other sightings of the same models."""

    def __init__(self, seed: int = 1, sightings: int | None = None) -> None:
        self._random = np.random.default_rng(seed)
        makes = _unit(self._random.standard_normal((_MAKES, DIMENSIONS), dtype=np.float32))
        weights = 1 / np.arange(1, _MAKES + 1) ** 0.7
        own = self._random.choice(_MAKES, _MODELS, p=weights / weights.sum())
        self._models = _unit(makes[own] + 0.55 * self._noise(_MODELS))
        if sightings is not None:
            self._random = np.random.default_rng((seed, sightings))

    def vectors(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Sightings, float32 (count, 256), and of which models."""
        models = self._random.integers(0, _MODELS, count)
        return _unit(self._models[models] + 0.45 * self._noise(count)), models

    def snapshots(self, count: int, batch: int, first: int = 0, spread_ms: int = 86_400_000) -> Iterator[list[Entry]]:
        """Batches for one commit each, in the order of their capture, `count` in all over the day."""
        for start in range(first, first + count, batch):
            size = min(batch, first + count - start)
            vectors, models = self.vectors(MACHINES_A_SNAPSHOT * size)
            cameras = self._random.integers(0, CAMERAS, size)
            times = [DAY_START_MS + (start - first + index) * spread_ms // count for index in range(size)]
            yield [
                _entry(start + index, f"cam-{cameras[index]}", times[index], vectors[at], models[at])
                for index in range(size)
                for at in (slice(MACHINES_A_SNAPSHOT * index, MACHINES_A_SNAPSHOT * (index + 1)),)
            ]

    def _noise(self, count: int) -> NDArray[np.float32]:
        return self._random.standard_normal((count, DIMENSIONS), dtype=np.float32) / np.float32(DIMENSIONS**0.5)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _entry(number: int, camera: str, at_ms: int, vectors: NDArray[np.float32], models: NDArray[np.int64]) -> Entry:
    # Unchecked: a million checks of pydantic would be most of the run, and none of them is measured here.
    snapshot = Snapshot.model_construct(
        observation_id=ids.observation_id(camera, at_ms, f"n{number}"),
        agent_id="bench",
        camera_id=camera,
        source_key=f"n{number}",
        captured_at_ms=at_ms,
        clock=ClockQuality.ARRIVAL,
        picture=Picture.model_construct(
            state=PictureState.KEPT, width=1920, height=1080, bytes=len(_PICTURE), sha256="0" * 64
        ),
        quality=_QUALITY,
        machines=(),
        people=1,
        redaction=_REDACTION,
    )
    shares = (0.3 + np.abs(vectors[:, 0])).tolist()
    machines = tuple(
        # Each its own: Lance reads one row of a column that never changes by decoding thousands.
        Machine(cls=_CLASSES[int(m) % len(_CLASSES)], score=share, box=_BOXES[(number * 3 + at) % len(_BOXES)])
        for at, (m, share) in enumerate(zip(models, shares, strict=True))
    )
    looks = tuple(
        Appearance(_COLOURS[int(m) % len(_COLOURS)], share, vector)
        for m, share, vector in zip(models, shares, vectors, strict=True)
    )
    return Entry(snapshot, "0" * 64, at_ms + 100, PictureState.KEPT, _PICTURE, machines, looks)
