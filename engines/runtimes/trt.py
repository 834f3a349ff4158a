"""Runs plans in TensorRT on an NVIDIA device, with buffers and streams of pycuda.

The only file that imports pycuda. *Not run on a GPU by its authors*: tests without one check the order of the
calls, against stand-ins for both libraries (`tests/engines/trt_stand_in.py`).
"""

import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from engines.errors import BadTensor, ExtraMissing, InferenceFailed, ModelRefused, PlanForeign
from engines.runtimes.engine import Tensor, TensorSpec, check_inputs
from engines.runtimes.gpu import Gpu, probe
from engines.runtimes.trt_build import installed, tensorrt_of
from engines.runtimes.trt_plans import Plan, read_plan

LANES = 2
"""Concurrent runs. With two, one copies its pictures while the other computes; each has its own memory."""

PROFILE = 0
"""Index of the only optimization profile of a plan."""


@dataclass(frozen=True, slots=True)
class Libraries:
    """Libraries for a device: the TensorRT of a plan's flavour, and `pycuda.driver`."""

    trt: Any
    cuda: Any


class TrtEngine:
    """Runs a plan on a device. `run` is thread-safe: each run has a lane, and waits while all are taken.

    A batch larger than the plan's profile is split. Raises PlanForeign, ModelRefused.
    """

    def __init__(self, name: str, plan: Plan, gpu: Gpu, libraries: Libraries, *, lanes: int = LANES) -> None:
        self.name = name
        self.sha256 = plan.header.key.model_sha256
        self.header = plan.header
        self.gpu = gpu
        self._trt, self._cuda = libraries.trt, libraries.cuda
        try:
            self._open(plan.data, lanes)
        except self._cuda.Error as error:
            raise ModelRefused(name, f"{gpu.name}: {_one_line(error)}") from error

    @classmethod
    def load(cls, name: str, model_sha256: str, file: Path, *, index: int = 0, lanes: int = LANES) -> Self:
        """Load a plan after a check of device, plan and libraries, in this order.

        Raises NoGpu, PlanCorrupt, PlanForeign, ExtraMissing, ModelRefused.
        """
        gpu = probe(index)
        plan = read_plan(file)
        reason = plan.header.key.misfit(model_sha256, gpu, installed())
        if reason is not None:
            raise PlanForeign(name, file, reason)
        return cls(name, plan, gpu, libraries_of(plan), lanes=lanes)

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one inference, or several for a large batch. Raises BadTensor, InferenceFailed."""
        check_inputs(self.name, self.inputs, inputs)
        for spec in self.inputs:
            self._check_reach(spec.name, inputs[spec.name].shape)
        parts = [self._run(part) for part in self._parts(inputs)]
        if len(parts) == 1:
            return parts[0]
        return {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in self.outputs}

    def close(self) -> None:
        """Free the memory of the device. No run may be under way, and none is possible afterwards."""
        with self._current():
            while not self._lanes.empty():
                self._lanes.get_nowait().close()
            del self._engine, self._runtime
        self._context.detach()

    def _open(self, data: bytes, lanes: int) -> None:
        self._cuda.init()
        # The primary context is the one that TensorRT, a user of CUDA's runtime API, works in.
        self._context = self._cuda.Device(self.gpu.index).retain_primary_context()
        with self._current():
            runtime = self._trt.Runtime(self._trt.Logger(self._trt.Logger.ERROR))
            self._engine = runtime.deserialize_cuda_engine(data)
            if self._engine is None:
                raise ModelRefused(self.name, f"{self.header.key.flavour} cannot read the plan on {self.gpu.name}")
            self._runtime = runtime  # outlives its engine
            self.inputs, self.outputs = self._specs()
            self._limits = {spec.name: self._shapes(spec.name) for spec in self.inputs}
            self._lanes: queue.LifoQueue[_Lane] = queue.LifoQueue(lanes)
            for _ in range(lanes):
                self._lanes.put(_Lane(self.name, self._engine, self._cuda, self.inputs, self.outputs))

    def _run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        lane = self._lanes.get()
        try:
            with self._current():
                return lane.run(inputs)
        except self._cuda.Error as error:
            raise InferenceFailed(self.name, f"{self.gpu.name}: {_one_line(error)}") from error
        finally:
            self._lanes.put(lane)

    def _parts(self, inputs: Mapping[str, Tensor]) -> Iterator[Mapping[str, Tensor]]:
        """Yield the inputs, cut along the batch if it is larger than the profile."""
        batched = [spec.name for spec in self.inputs if spec.shape and spec.shape[0] is None]
        sizes = {inputs[name].shape[0] for name in batched}
        if not batched:
            yield inputs
            return
        if len(sizes) > 1:
            raise BadTensor(self.name, batched[0], f"and its neighbours have batches of {sorted(sizes)}")
        (total,) = sizes
        most = min(self._limits[name][1][0] for name in batched)
        for first, last in pairwise([*range(0, total, most), total]):
            yield {name: value[first:last] if name in batched else value for name, value in inputs.items()}

    def _check_reach(self, name: str, shape: Sequence[int]) -> None:
        """Check that all axes but the batch lie within the profile; TensorRT's own refusal gives less of a reason."""
        least, most = self._limits[name]
        for axis in range(1, len(shape)):
            if not least[axis] <= shape[axis] <= most[axis]:
                reach = f"{least[axis]} to {most[axis]}"
                raise BadTensor(self.name, name, f"has {shape[axis]} on axis {axis}, the plan's profile takes {reach}")

    def _specs(self) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
        inputs: list[TensorSpec] = []
        outputs: list[TensorSpec] = []
        for index in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(index)
            shape = tuple(size if size >= 0 else None for size in self._engine.get_tensor_shape(name))
            dtype = np.dtype(self._trt.nptype(self._engine.get_tensor_dtype(name))).name
            is_input = self._engine.get_tensor_mode(name) == self._trt.TensorIOMode.INPUT
            (inputs if is_input else outputs).append(TensorSpec(name, shape, dtype))
        return tuple(inputs), tuple(outputs)

    def _shapes(self, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        least, _usual, most = self._engine.get_tensor_profile_shape(name, PROFILE)
        return tuple(least), tuple(most)

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Push the CUDA context: it belongs to a thread while it is on top of that thread's stack."""
        self._context.push()
        try:
            yield
        finally:
            self._cuda.Context.pop()


class _Lane:
    """Executes one run at a time: a context, a stream, and buffers that grow to the largest shape seen."""

    def __init__(
        self, name: str, engine: Any, cuda: Any, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
    ) -> None:
        self._name = name
        self._cuda = cuda
        self._inputs, self._outputs = inputs, outputs
        self._stream = cuda.Stream()
        self._context = engine.create_execution_context()
        if self._context is None:
            raise ModelRefused(name, "the device has no memory for an execution context")
        if not self._context.set_optimization_profile_async(PROFILE, self._stream.handle):
            raise ModelRefused(name, "the plan has no optimization profile")
        self._stream.synchronize()
        self._buffers = {spec.name: _Buffer(cuda) for spec in (*inputs, *outputs)}

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Copy in, compute, copy out and wait for the end. Raises InferenceFailed and pycuda's errors."""
        for spec in self._inputs:
            tensor, buffer = inputs[spec.name], self._buffers[spec.name]
            self._must(self._context.set_input_shape(spec.name, tensor.shape), f"refuses the shape of {spec.name!r}")
            host = buffer.pinned(tensor.shape, tensor.dtype)
            np.copyto(host, tensor)
            self._cuda.memcpy_htod_async(buffer.device, host, self._stream)
            self._must(self._context.set_tensor_address(spec.name, int(buffer.device)), f"refuses {spec.name!r}")
        answers: dict[str, Tensor] = {}
        for spec in self._outputs:
            shape = tuple(self._context.get_tensor_shape(spec.name))
            self._must(all(size >= 0 for size in shape), f"cannot tell the shape of {spec.name!r} before it runs")
            buffer = self._buffers[spec.name]
            answers[spec.name] = buffer.pinned(shape, np.dtype(spec.dtype))
            self._must(self._context.set_tensor_address(spec.name, int(buffer.device)), f"refuses {spec.name!r}")
        self._must(self._context.execute_async_v3(self._stream.handle), "did not run")
        for name, host in answers.items():
            self._cuda.memcpy_dtoh_async(host, self._buffers[name].device, self._stream)
        self._stream.synchronize()
        return {name: host.copy() for name, host in answers.items()}  # the pinned ones are the next run's

    def close(self) -> None:
        """Free the buffers; the context goes with its last reference."""
        for buffer in self._buffers.values():
            buffer.free()
        del self._context

    def _must(self, done: object, otherwise: str) -> None:
        """Raise InferenceFailed if a call of TensorRT returned False; the reason is in its log."""
        if not done:
            raise InferenceFailed(self._name, f"TensorRT {otherwise}")


class _Buffer:
    """Holds memory twice: page-locked on the host, so that a copy is a mere transfer, and on the device.

    Its size is bounded by the plan's profile, which the shapes were checked against.
    """

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._host: Tensor = np.empty(0, np.uint8)
        self.device: Any = None

    def pinned(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Tensor:
        """Return the page-locked memory as a tensor of that shape; both memories grow if needed."""
        wanted = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if self.device is None or wanted > self._host.nbytes:
            self.free()
            self.device = self._cuda.mem_alloc(max(1, wanted))
            self._host = self._cuda.pagelocked_empty(max(1, wanted), np.uint8)
        return self._host[:wanted].view(dtype).reshape(shape)

    def free(self) -> None:
        """Free the memory at once, not at the next garbage collection."""
        if self.device is not None:
            self.device.free()
        self.device, self._host = None, np.empty(0, np.uint8)


def libraries_of(plan: Plan) -> Libraries:
    """Import the libraries that the plan needs, after a device was found. Raises ExtraMissing."""
    trt = tensorrt_of(plan.header.key.flavour)
    try:
        import pycuda.driver as cuda  # noqa: PLC0415 - it loads the driver
    except (ImportError, OSError) as error:
        raise ExtraMissing("pycuda", "tensorrt") from error
    return Libraries(trt, cuda)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
