"""The detector at other precisions and on other runtimes, beside ONNX Runtime in float32 on this machine's CPU.

TensorRT is measured where there is a device and a plan for it (`wayside-engines build`); where not, that is said.
"""

from functools import partial
from pathlib import Path

from rich.console import Console

from bench.measure import Comparison, compare, wall_ms
from engines.backend import Backend, Precision
from engines.catalog.catalog import Catalog
from engines.cli.benchmark import noise
from engines.cli.variants import Variant, Variants
from engines.errors import PrecisionFailed
from engines.runtimes.selection import FALLS_BACK

MODEL = "nanodet-g-416"
BATCH = 8
RUNS = 10
THREADS = 2

BASELINE = Variant(Backend.ORT, Precision.FP32)
VARIANTS = [Variant(backend, precision) for backend in (Backend.ORT, Backend.TRT) for precision in Precision]


def measure(_scratch: Path) -> list[Comparison]:
    """Milliseconds of one batch, copies to a device and back included."""
    variants = Variants(Catalog(), MODEL)
    baseline, _ = variants.engine(BASELINE, threads=THREADS)
    feed = noise(baseline, BATCH, (416, 416))
    results = []
    for variant in VARIANTS:
        if variant == BASELINE:
            continue
        try:
            engine, running = variants.engine(variant, threads=THREADS)
        except (*FALLS_BACK, PrecisionFailed) as error:
            Console(stderr=True).print(f"not run: {MODEL} on {variant}: {error}", soft_wrap=True, markup=False)
            continue
        results.append(
            compare(
                f"{MODEL}, batch of {BATCH}: {variant} on {running.device}",
                "ms",
                partial(wall_ms, partial(engine.run, feed)),
                partial(wall_ms, partial(baseline.run, feed)),
                baseline_is="ONNX Runtime fp32 on the CPU",
                runs=RUNS,
            )
        )
    return results
