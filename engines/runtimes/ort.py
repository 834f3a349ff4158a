"""Runs models in ONNX Runtime; the only file that imports it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from engines.errors import DeviceUnavailable, ExtraMissing, InferenceFailed, ModelRefused
from engines.runtimes.engine import Tensor, TensorSpec, check_inputs

try:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        EPFail,
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        RuntimeException,
    )
    from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotImplementedByRuntime
except ModuleNotFoundError as error:
    raise ExtraMissing("onnxruntime", "edge") from error

CPU = "CPUExecutionProvider"

REFUSALS = (
    EPFail,
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
    NotImplementedByRuntime,
    RuntimeException,
)

DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


class OrtEngine:
    """Runs a model in ONNX Runtime. `run` is thread-safe: a session keeps no state between runs.

    `threads` is the number of cores that one run may use; 0 lets the runtime use all.
    Raises ModelRefused, DeviceUnavailable.
    """

    def __init__(self, name: str, model: bytes, *, threads: int = 1, provider: str = CPU) -> None:
        available = tuple(onnxruntime.get_available_providers())
        if provider not in available:
            raise DeviceUnavailable(name, provider, available)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors; they are raised as well
        # A plan of memory is kept for every input shape, and pictures come in many (25 shapes: 467 MiB, without 297).
        options.enable_mem_pattern = False
        # Spinning threads of several sessions fight for the same cores (measured on two: 348 -> 256 ms a frame).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider != CPU:
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=[provider])
        except REFUSALS as error:
            if provider != CPU and "fallback to CPU" in str(error):
                raise DeviceUnavailable(name, provider, (CPU,)) from error
            raise ModelRefused(name, _one_line(error)) from error
        used = tuple(self._session.get_providers())
        if used[0] != provider:
            raise DeviceUnavailable(name, provider, used)
        self.name = name
        self.sha256 = hashlib.sha256(model).hexdigest()
        self.inputs = tuple(_spec(name, value) for value in self._session.get_inputs())
        self.outputs = tuple(_spec(name, value) for value in self._session.get_outputs())
        self._output_names = [spec.name for spec in self.outputs]

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one inference. Raises BadTensor, InferenceFailed."""
        check_inputs(self.name, self.inputs, inputs)
        try:
            values = self._session.run(self._output_names, dict(inputs))
        except REFUSALS as error:
            raise InferenceFailed(self.name, _one_line(error)) from error
        return dict(zip(self._output_names, values, strict=True))


def _spec(engine: str, value: Any) -> TensorSpec:
    if value.type not in DTYPES:
        raise ModelRefused(engine, f"tensor {value.name!r} is of type {value.type}")
    shape = tuple(size if isinstance(size, int) and size >= 0 else None for size in value.shape)
    return TensorSpec(value.name, shape, DTYPES[value.type])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
