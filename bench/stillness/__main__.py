"""A fixed camera's snapshots, searched whole and searched where they changed: milliseconds, and faces covered.

Portraits of the evaluation set walk through its scenes, one snapshot a second, and some stand; each snapshot has its
own noise and has been a JPEG of the camera's. `python -m bench.stillness`.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import fmean
from time import perf_counter, process_time

import cv2
import numpy as np

from bench.deface_peer import Deface
from bench.evaluation.builder import FULL_HD, HD, Builder
from bench.evaluation.photographs import Image, Photographs
from bench.evaluation.portraits import Portrait, paste, portraits
from edge_agent.frames import Redacted
from edge_agent.redaction import recipe
from edge_agent.redaction.file_redactor import look, pixels
from edge_agent.redaction.labels import LabelKind, Object
from edge_agent.redaction.verdict import judge, painted
from provisioning.contracts.config import Policy

SNAPSHOTS = 8
EVERY_MS = 1000
STILL_S = 10.0
FACES_PX = (12, 16, 20, 24, 30, 40)
STANDING = 2
"""Of each scene's people; the others walk."""
NOISE = 2.0
"""Standard deviation of each colour, in levels of 255: a camera by day."""
CAMERA_QUALITY = 80


def film(background: Image, busts: list[Portrait], chance: Random) -> Iterator[tuple[Image, list[Object]]]:
    """Snapshots of one scene, and the faces in them."""
    height, width = background.shape[:2]
    noise = np.random.default_rng(chance.randrange(1 << 30))
    rows = [round((place + 0.2) * height / len(FACES_PX)) for place in range(len(FACES_PX))]
    starts = [(chance.randrange(width // 3), chance.choice((30, 45, 60))) for _ in FACES_PX]
    for at in range(SNAPSHOTS):
        image, faces = background.copy(), []
        for number, (bust, size, row, (start, pace)) in enumerate(zip(busts, FACES_PX, rows, starts, strict=True)):
            patch, there = bust.patch(size)
            x = start + (0 if number < STANDING else pace * at)
            paste(image, patch, x, row)
            faces += [one for one in there.objects(x, row, pasted=True) if one.kind is LabelKind.FACE]
        noisy = np.clip(image + noise.normal(0, NOISE, image.shape), 0, 255).astype(np.uint8)
        done, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, CAMERA_QUALITY])
        assert done
        yield np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8), faces


class Tally:
    """One way of searching: what it took and what it covered, of every snapshot but each scene's first."""

    def __init__(self) -> None:
        self.wall_ms: list[float] = []
        self.cpu_ms: list[float] = []
        self.covered = 0
        self.parts = 0

    def add(self, redacted: Redacted, faces: list[Object], cost: tuple[float, float]) -> None:
        """A snapshot and its milliseconds by the clock and of the processor."""
        regions = redacted.snapshot.redaction.regions
        self.covered += sum(v.is_covered for v in judge(faces, painted(pixels(redacted), regions), regions))
        self.parts += redacted.snapshot.redaction.policy.endswith("+still")
        self.wall_ms.append(cost[0])
        self.cpu_ms.append(cost[1])

    def line(self, name: str, total: int) -> str:
        """For the reader."""
        took = f"{fmean(self.wall_ms):.0f} ms, {fmean(self.cpu_ms):.0f} CPU ms a snapshot"
        return f"  {name}: {took}, {self.covered} of {total} faces, {self.parts} of {len(self.wall_ms)} in part"


def measure(size: tuple[int, int], folder: Path) -> Iterator[str]:
    """Lines of figures for pictures of (width, height)."""
    photographs = Photographs()
    busts, whole = portraits(photographs), recipe.load_redactors(None, Policy(), "auto")
    still = whole.under(
        whole.config.model_copy(update={"redactor": whole.config.redactor.model_copy(update={"still_s": STILL_S})})
    )
    ways = {"whole": (whole, Tally()), "where it changed": (still, Tally())}
    theirs: list[tuple[float, float]] = []
    total = 0
    with Deface() as deface:
        for number, background in enumerate(Builder(folder, photographs).backgrounds(size)):
            chance = Random(number)
            some = chance.sample(busts, len(FACES_PX))
            redactors = {name: of.for_camera(of.config.cameras[0]) for name, (of, _) in ways.items()}
            for at, (image, faces) in enumerate(film(background, some, chance)):
                total += len(faces) if at else 0
                for name, redactor in redactors.items():
                    wall, cpu = perf_counter(), process_time()
                    redacted = look(redactor, at, at * EVERY_MS, image)
                    cost = (perf_counter() - wall) * 1000, (process_time() - cpu) * 1000
                    if at:
                        ways[name][1].add(redacted, faces, cost)
                answer = deface.look(image)
                theirs += [(answer.wall_ms, answer.cpu_ms)] if at else []
    yield f"{size[1]}p"
    yield from (tally.line(name, total) for name, (_, tally) in ways.items())
    yield f"  deface: {fmean(w for w, _ in theirs):.0f} ms, {fmean(c for _, c in theirs):.0f} CPU ms a snapshot"


def main() -> None:
    """Both sizes."""
    for size in (HD, FULL_HD):
        for line in measure(size, Path()):
            print(line, flush=True)


if __name__ == "__main__":
    main()
