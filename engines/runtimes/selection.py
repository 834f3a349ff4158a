"""Which runtime a model gets: the one that was wished for, or an error. Only `auto` may settle for another."""

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
"""What `auto` takes for "not on this machine". A damaged plan is none of these: it is a fault to be repaired."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs a model."""

    backend: Backend
    precision: Precision
    device: str
    because: str | None = None
    """Why `auto` did not get TensorRT; None where nothing was settled for."""

    def __str__(self) -> str:
        """A line for a log."""
        instead = f" instead of TensorRT: {self.because}" if self.because else ""
        return f"{self.backend} {self.precision} on {self.device}{instead}"


def open_engine(
    name: str, model: bytes, wish: Wish, plans_dir: Path, *, threads: int = 1, probe: Callable[[], Gpu] = probe
) -> tuple[Engine, Running]:
    """The engine, and what it is. Raises what `Catalog.load` raises of runtimes and plans."""
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
    """The best plan for the device of this machine. The device is asked for before TensorRT is touched."""
    gpu = probe()
    sha256 = hashlib.sha256(model).hexdigest()
    file = PlanStore(plans_dir).choose(name, sha256, precision, gpu, installed())
    from engines.runtimes.trt import TrtEngine  # noqa: PLC0415 - only where there is a device

    return TrtEngine.load(name, sha256, file, index=gpu.index), Running(Backend.TRT, precision, gpu.name)


def _on_cpu(name: str, model: bytes, threads: int, error: EngineError | None) -> tuple[Engine, Running]:
    from engines.runtimes.ort import OrtEngine  # noqa: PLC0415 - a machine with plans only need not have it

    because = None if error is None else str(error)
    return OrtEngine(name, model, threads=threads), Running(Backend.ORT, Precision.FP32, "CPU", because)
