"""TensorRT and pycuda as far as `runtimes.trt` calls them, in host memory: order, addresses and shapes are checked.

The network is y = 2 x + 1. What it shows is that the calls fit together; that a device does the same is not shown here.
"""

import ctypes
import threading
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from types import SimpleNamespace
from typing import Any

import numpy as np

from engines.backend import Flavour, Precision
from engines.runtimes.gpu import Gpu
from engines.runtimes.trt_plans import Plan, PlanKey, Profile, sealed

T4 = Gpu(0, "Tesla T4", 75)
VERSION = "1.7.1.116"


class CudaError(Exception):
    """As pycuda.driver.Error."""


class Cuda:
    """`pycuda.driver`: device memory is host memory at an address, and a context is on top of a thread's stack."""

    Error = CudaError

    def __init__(self) -> None:
        self.stacks = threading.local()
        self.live: dict[int, Any] = {}
        self.calls: Counter[str] = Counter()
        self.free_bytes = 1 << 30
        self.lock = threading.Lock()
        self.Context = SimpleNamespace(pop=self._pop)

    def _stack(self) -> list[str]:
        if not hasattr(self.stacks, "contexts"):
            self.stacks.contexts = []
        contexts: list[str] = self.stacks.contexts
        return contexts

    def _pop(self) -> None:
        self._stack().pop()

    def must_be_current(self, call: str) -> None:
        if not self._stack():
            raise CudaError(f"{call}: invalid device context")
        self.calls[call] += 1

    def init(self) -> None:
        self.calls["init"] += 1

    def Device(self, index: int) -> Any:  # noqa: N802 - pycuda's name
        context = SimpleNamespace(push=lambda: self._stack().append(f"primary {index}"), detach=lambda: None)
        return SimpleNamespace(retain_primary_context=lambda: context)

    def Stream(self) -> Any:  # noqa: N802 - pycuda's name
        self.must_be_current("Stream")
        return SimpleNamespace(handle=id(object()), synchronize=lambda: self.must_be_current("synchronize"))

    def mem_alloc(self, size: int) -> Any:
        self.must_be_current("mem_alloc")
        with self.lock:
            if size > self.free_bytes:
                raise CudaError("cuMemAlloc failed: out of memory")
            self.free_bytes -= size
            memory = (ctypes.c_uint8 * size)()
            self.live[ctypes.addressof(memory)] = memory
        return Allocation(self, ctypes.addressof(memory), size)

    def pagelocked_empty(self, shape: int, dtype: Any) -> Any:
        self.must_be_current("pagelocked_empty")
        return np.full(shape, 0xA5, dtype).view(Pinned)

    def memcpy_htod_async(self, device: Any, host: Any, stream: Any) -> None:
        self._copy("memcpy_htod_async", int(device), host.ctypes.data, host)

    def memcpy_dtoh_async(self, host: Any, device: Any, stream: Any) -> None:
        self._copy("memcpy_dtoh_async", host.ctypes.data, int(device), host)

    def _copy(self, call: str, to: int, source: int, host: Any) -> None:
        self.must_be_current(call)
        if not isinstance(host, Pinned) or not host.flags.c_contiguous:
            raise CudaError(f"{call}: the host side is not page-locked")
        ctypes.memmove(to, source, host.nbytes)


class Pinned(np.ndarray[Any, Any]):
    """An array of page-locked memory, and every view of it."""


class Allocation:
    """As pycuda.driver.DeviceAllocation."""

    def __init__(self, cuda: Cuda, address: int, size: int) -> None:
        self._cuda, self._address, self._size = cuda, address, size

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        del self._cuda.live[self._address]
        self._cuda.free_bytes += self._size


class Mode(Enum):
    INPUT = 1
    OUTPUT = 2


class Trt:
    """`tensorrt`: one engine with an input x (by default batch x 3 x width) and an output y of the same shape."""

    TensorIOMode = Mode

    def __init__(
        self,
        cuda: Cuda,
        shape: tuple[int, ...] = (-1, 3, -1),
        spans: Sequence[tuple[int, ...]] = ((1, 3, 2), (2, 3, 4), (4, 3, 8)),
    ) -> None:
        self.cuda, self.shape, self.spans = cuda, shape, spans
        self.most = spans[-1]
        self.readable = True
        self.runs: list[tuple[int, ...]] = []
        self.refuses: set[str] = set()
        self.Logger = lambda severity: None
        self.Logger.ERROR = 1  # type: ignore[attr-defined]  # a class in TensorRT

    def nptype(self, dtype: Any) -> Any:
        return dtype

    def Runtime(self, logger: Any) -> Any:  # noqa: N802 - TensorRT's name
        self.cuda.must_be_current("Runtime")
        return SimpleNamespace(deserialize_cuda_engine=lambda data: Engine(self) if self.readable else None)


class Engine:
    """As ICudaEngine."""

    num_io_tensors = 2

    def __init__(self, trt: Trt) -> None:
        self._trt = trt

    def get_tensor_name(self, index: int) -> str:
        return "xy"[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._trt.shape

    def get_tensor_dtype(self, name: str) -> Any:
        return np.float32

    def get_tensor_mode(self, name: str) -> Mode:
        return Mode.INPUT if name == "x" else Mode.OUTPUT

    def get_tensor_profile_shape(self, name: str, profile: int) -> Sequence[tuple[int, ...]]:
        assert (name, profile) == ("x", 0)
        return self._trt.spans

    def create_execution_context(self) -> Any:
        self._trt.cuda.must_be_current("create_execution_context")
        return None if "context" in self._trt.refuses else Context(self._trt)


class Context:
    """As IExecutionContext: computes what lies at the addresses that it was told."""

    def __init__(self, trt: Trt) -> None:
        self._trt = trt
        self._shape: tuple[int, ...] = ()
        self._addresses: dict[str, int] = {}
        self._busy = threading.Lock()

    def set_optimization_profile_async(self, profile: int, stream: int) -> bool:
        return profile == 0

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._shape = tuple(shape)
        fits = all(size <= most for size, most in zip(shape, self._trt.most, strict=True))
        return fits and "shape" not in self._trt.refuses

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._trt.shape if "output" in self._trt.refuses else self._shape

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._addresses[name] = address
        return "address" not in self._trt.refuses

    def execute_async_v3(self, stream: int) -> bool:
        assert self._busy.acquire(blocking=False), "two runs in one execution context"
        try:
            self._trt.cuda.must_be_current("execute_async_v3")
            if "crash" in self._trt.refuses:
                raise CudaError("cuStreamSynchronize failed: an illegal memory access\nwas encountered")
            if "run" in self._trt.refuses:
                return False
            size = int(np.prod(self._shape)) * 4
            for name in "xy":
                assert ctypes.sizeof(self._trt.cuda.live[self._addresses[name]]) >= size
            x = np.frombuffer(self._trt.cuda.live[self._addresses["x"]], np.float32)[: size // 4]
            y = np.frombuffer(self._trt.cuda.live[self._addresses["y"]], np.float32)[: size // 4]
            y[:] = 2 * x + 1
            self._trt.runs.append(self._shape)
            return True
        finally:
            self._busy.release()


def plan_of(model_sha256: str, /, *, gpu: str = "", sm: int = 75, data: bytes = b"a plan", **changes: Any) -> Plan:
    """A plan for the T4 by TensorRT-RTX, or what `changes` of its key make it."""
    key = PlanKey(
        model="affine",
        model_sha256=model_sha256,
        precision=Precision.FP32,
        flavour=Flavour.RTX,
        flavour_version=VERSION,
        sm=sm,
        gpu=gpu,
        profile=Profile(),
    )
    return sealed(key.model_copy(update=changes), data, graph_sha256=model_sha256)
