"""What a machine's look costs beside the bare network on tensors that are ready."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bench.measure import Comparison, compare, cpu_ms, wall_ms
from engines.catalog.catalog import Catalog
from engines.embedding.embedder import Vectoriser
from provisioning.contracts.wire.messages import Box, Machine, MachineClass
from ray_cluster.inference.embedder import Embedder
from ray_cluster.inference.picture import Photo, Sitter

MODEL = "efficientnet-lite0"
MACHINES = 3
PICTURES = 8
SIZE = (1280, 720)


def measure(_scratch: Path) -> Iterator[Comparison]:
    """Milliseconds a machine, of eight 720p pictures with three machines each, as the cluster sends them."""
    model = Vectoriser.load(Catalog(), MODEL, threads=2)
    embedder = Embedder(model)
    film = cv2.VideoCapture(str(Catalog().path("bikes")))
    requests = []
    boxes = [Box(x0=60 + 380 * n, y0=200, x1=360 + 380 * n, y1=420) for n in range(MACHINES)]
    for _ in range(PICTURES):
        _, frame = film.read()
        _, content = cv2.imencode(".jpg", cv2.resize(frame, SIZE))
        machines = tuple(Machine(cls=MachineClass.CAR, score=0.9, box=box) for box in boxes)
        requests.append(Sitter(Photo(content.tobytes(), *SIZE, ()), machines))
    film.release()
    count = MACHINES * PICTURES
    batch = np.random.default_rng(1).uniform(-1, 1, (count, 3, 224, 224)).astype(np.float32)

    def ours() -> object:
        return embedder.embed(requests)

    def bare() -> object:
        return model.engine.run({"image": batch})

    for name, clock in (("wall", wall_ms), ("CPU", cpu_ms)):
        yield compare(
            f"look of a machine, {name}",
            "ms",
            partial(_each, clock, ours, count),
            partial(_each, clock, bare, count),
            baseline_is="the network alone, ready tensors, the same batch and threads; ours decodes and masks too",
            runs=5,
        )


def _each(clock: Callable[[Callable[[], object]], float], work: Callable[[], object], count: int) -> float:
    return clock(work) / count
