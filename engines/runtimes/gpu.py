"""Probes for an NVIDIA device through the driver itself, before TensorRT or pycuda is imported.

Both load the driver at import or at first use, and without one they end the process: a TensorRT runtime made on a
machine without a driver crashed it on exit (measured, TensorRT 11.4).
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.errors import NoGpu

DRIVER = "libcuda.so.1"
MAX_NAME_BYTES = 256

# CUdevice_attribute of the CUDA driver API.
COMPUTE_CAPABILITY_MAJOR = 75
COMPUTE_CAPABILITY_MINOR = 76


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA device. `sm` is its compute capability: 75 for 7.5, the T4."""

    index: int
    name: str
    sm: int


def probe(index: int = 0, *, load: Callable[[str], Any] = ctypes.CDLL) -> Gpu:
    """Return the device of that index among those that CUDA_VISIBLE_DEVICES leaves. Raises NoGpu."""
    try:
        driver = load(DRIVER)
    except OSError as error:
        raise NoGpu(f"the driver library {DRIVER} cannot be loaded") from error
    _call(driver, "cuInit", 0)
    count = ctypes.c_int(0)
    _call(driver, "cuDeviceGetCount", ctypes.byref(count))
    if not 0 <= index < count.value:
        raise NoGpu(f"the driver sees {count.value} devices, asked for number {index}")
    handle, major, minor = ctypes.c_int(0), ctypes.c_int(0), ctypes.c_int(0)
    name = ctypes.create_string_buffer(MAX_NAME_BYTES)
    _call(driver, "cuDeviceGet", ctypes.byref(handle), index)
    _call(driver, "cuDeviceGetName", name, MAX_NAME_BYTES, handle)
    _call(driver, "cuDeviceGetAttribute", ctypes.byref(major), COMPUTE_CAPABILITY_MAJOR, handle)
    _call(driver, "cuDeviceGetAttribute", ctypes.byref(minor), COMPUTE_CAPABILITY_MINOR, handle)
    return Gpu(index, name.value.decode("ascii", "replace"), major.value * 10 + minor.value)


def _call(driver: Any, function: str, *arguments: Any) -> None:
    """Call a function of the driver, which returns a CUresult: 0 for success. Raises NoGpu."""
    result = getattr(driver, function)(*arguments)
    if result:
        raise NoGpu(f"the driver refuses: {function} returned error {result}")
