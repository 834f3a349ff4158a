"""Opens a model in the runtime of its settings, or fails. Only `auto` may fall back to another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engines.backend import Backend, Precision, Wish
from engines.errors import DeviceUnavailable, EngineError, ExtraMissing, ModelRefused, PlanForeign, PlanMissing
from engines.runtimes.engine import Engine
from engines.runtimes.gpu import Gpu, probe
from engines.runtimes.trt_build import installed
from engines.runtimes.trt_plans import PlanStore

FALLS_BACK = (DeviceUnavailable, ExtraMissing, ModelRefused, PlanForeign, PlanMissing)
"""Errors at which `auto` falls back. A damaged plan is not among them: it is a fault to be repaired."""


@dataclass(frozen=True, slots=True)
class Running:
    """Runtime, precision and device of a loaded model."""

    backend: Backend
    precision: Precision
    device: str
    because: str | None = None
    """Reason why `auto` fell back from TensorRT; None if it did not."""

    def __str__(self) -> str:
        """Format a line for the log."""
        instead = f" instead of TensorRT: {self.because}" if self.because else ""
        return f"{self.backend} {self.precision} on {self.device}{instead}"


def open_engine(
    name: str, model: bytes, wish: Wish, plans_dir: Path, *, threads: int = 1, probe: Callable[[], Gpu] = probe
) -> tuple[Engine, Running]:
    """Open a model in a runtime. Raises what `Catalog.load` raises of runtimes and plans."""
    if wish.backend is Backend.ORT:
        return _on_cpu(name, model, threads, None)
    try:
        return open_plan(name, model, wish.precision, plans_dir, probe=probe)
    except FALLS_BACK as error:
        if wish.backend is not Backend.AUTO:
            raise
        return _on_cpu(name, model, threads, error)


def open_plan(
    name: str, model: bytes, precision: Precision, plans_dir: Path, *, probe: Callable[[], Gpu] = probe
) -> tuple[Engine, Running]:
    """Open the best plan for the device of this machine. The device is probed before TensorRT is imported."""
    gpu = probe()
    sha256 = hashlib.sha256(model).hexdigest()
    file = PlanStore(plans_dir).choose(name, sha256, precision, gpu, installed())
    from engines.runtimes.trt import TrtEngine  # noqa: PLC0415 - only where there is a device

    return TrtEngine.load(name, sha256, file, index=gpu.index), Running(Backend.TRT, precision, gpu.name)


def _on_cpu(name: str, model: bytes, threads: int, error: EngineError | None) -> tuple[Engine, Running]:
    from engines.runtimes.ort import OrtEngine  # noqa: PLC0415 - a machine with plans only need not have it

    because = None if error is None else str(error)
    return OrtEngine(name, model, threads=threads), Running(Backend.ORT, Precision.FP32, "CPU", because)
