import ctypes
from typing import Any

import pytest

from engines.errors import DeviceUnavailable, NoGpu
from engines.runtimes.gpu import DRIVER, Gpu, probe


class Driver:
    """libcuda.so.1 of a machine with some T4s."""

    def __init__(self, count: int = 1, *, fails: str = "") -> None:
        self.count, self.fails = count, fails
        self.asked: list[str] = []

    def __getattr__(self, function: str) -> Any:
        def call(*arguments: Any) -> int:
            self.asked.append(function)
            if function == self.fails:
                return 100  # CUDA_ERROR_NO_DEVICE
            target: Any = getattr(arguments[0], "_obj", arguments[0])
            if function == "cuDeviceGetCount":
                target.value = self.count
            elif function == "cuDeviceGetName":
                arguments[0].value = b"Tesla T4"
            elif function == "cuDeviceGetAttribute":
                target.value = {75: 7, 76: 5}[arguments[1]]
            return 0

        return call


def test_the_device_says_what_it_is() -> None:
    assert probe(1, load=lambda _: Driver(2)) == Gpu(1, "Tesla T4", 75)


def test_a_machine_without_a_driver() -> None:
    def load(name: str) -> None:
        assert name == DRIVER
        raise OSError("cannot open shared object file")

    with pytest.raises(NoGpu, match=r"libcuda\.so\.1 cannot be loaded; install its driver, or choose the backend"):
        probe(load=load)


@pytest.mark.parametrize(("count", "index"), [(0, 0), (1, 1), (1, -1)])
def test_a_device_that_is_not_there(count: int, index: int) -> None:
    driver = Driver(count)
    with pytest.raises(NoGpu, match=f"sees {count} devices, asked for number {index}"):
        probe(index, load=lambda _: driver)
    assert "cuDeviceGet" not in driver.asked


@pytest.mark.parametrize("function", ["cuInit", "cuDeviceGetCount", "cuDeviceGetName", "cuDeviceGetAttribute"])
def test_a_driver_that_refuses(function: str) -> None:
    with pytest.raises(DeviceUnavailable, match=f"{function} returned error 100"):
        probe(load=lambda _: Driver(fails=function))


def test_the_real_driver_answers_or_is_missing() -> None:
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        with pytest.raises(NoGpu):
            probe()
    else:
        pytest.skip("this machine has a driver")
