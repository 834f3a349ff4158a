"""`wayside-engines draft` and `check`: add a detector of your own and try it on pictures."""

import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from engines.catalog.catalog import Catalog
from engines.errors import HeadUnknown

_MAX_MODEL_BYTES = 2 << 30
_RUNS = 5


def draft(
    file: Annotated[Path, typer.Argument(help="The ONNX file, as its exporter wrote it.")],
    name: Annotated[str | None, typer.Option(help="Name of the detector; default: that of the file.")] = None,
) -> None:
    """Print a first manifest for an ONNX detector (YOLOX, DETR, RT-DETR, D-FINE, RF-DETR): its guesses are marked."""
    from engines.catalog.draft_manifest import draft as drafted  # noqa: PLC0415 - listing and fetching need no runtime
    from engines.runtimes.ort import OrtEngine  # noqa: PLC0415 - the same

    try:
        if file.stat().st_size > _MAX_MODEL_BYTES:
            raise HeadUnknown(str(file), "it is over 2 GiB")
        model = file.read_bytes()
    except OSError as error:
        raise HeadUnknown(str(file), f"unreadable ({error.strerror})") from error
    called = name or re.sub(r"[^a-z0-9.]+", "-", file.stem.lower()).strip("-.")
    sys.stdout.write(drafted(called, file.name, OrtEngine(file.name, model)))


def check(
    name: Annotated[str, typer.Argument(help="The detector, by the name in its manifest.")],
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures to try it on: JPEG, PNG …")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Cores that a run may use.")] = 2,
    models_dir: Annotated[Path | None, typer.Option(help="Where the files lie; as for the other commands.")] = None,
) -> None:
    """Load a detector, run it, and list what it finds: machines with their boxes, people as a number.

    Exit code 2 and one line where the file is not what its manifest says.
    """
    from engines.cli.annotate import read_picture  # noqa: PLC0415 - OpenCV is heavy
    from engines.detection.detector import Detector  # noqa: PLC0415 - the same

    detector = Detector.load(Catalog(models_dir), name, threads=threads)
    out = Console(soft_wrap=True, highlight=False)
    for kind, specs in (("in", detector.engine.inputs), ("out", detector.engine.outputs)):
        for spec in specs:
            sides = " x ".join("any" if side is None else str(side) for side in spec.shape) or "not stated"
            out.print(f"[dim]{kind}[/] {escape(spec.name)}: {spec.dtype} {sides}")
    took = [_timed(detector.probe) for _ in range(_RUNS)]
    out.print(f"{escape(name)}: loads and runs, {statistics.median(took):.1f} ms a picture with {threads} threads")
    for file in pictures or []:
        found = detector.detect(read_picture(file))
        machines = [one for one in found if one.group in {"vehicle", "two_wheeler"}]
        counts = Counter(one.class_name for one in machines)
        named = ", ".join(f"{count} {one}" for one, count in counts.most_common()) or "no machines"
        out.print(f"{escape(str(file))}: {named}; people: {sum(one.group == 'person' for one in found)}")
        for one in machines:
            x0, y0, x1, y1 = (round(edge) for edge in one.box)
            out.print(f"  {one.class_name} {one.score:.2f} at {x0},{y0} to {x1},{y1}")


def _timed(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
