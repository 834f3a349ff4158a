import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from engines.errors import DeviceUnavailable, InferenceFailed, ModelRefused
from engines.runtimes.ort import OrtEngine
from tests.support.waiting import LONG_S


def model_of(op: str, *, element: int = TensorProto.FLOAT, inputs: int = 1) -> bytes:
    names = [f"x{number}" for number in range(inputs)]
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"])],
        "one",
        [helper.make_tensor_value_info(name, element, ["rows", "columns"]) for name in names],
        [helper.make_tensor_value_info("y", element, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("model", [b"", b"not a model", model_of("Relu")[:-5], model_of("NoSuchOperator")])
def test_a_file_that_is_no_model_is_refused_in_one_line(model: bytes) -> None:
    with pytest.raises(ModelRefused, match="broken: the runtime refuses") as caught:
        OrtEngine("broken", model)
    assert "\n" not in str(caught.value)


def test_tensors_of_an_unknown_type_are_refused() -> None:
    with pytest.raises(ModelRefused, match="string"):
        OrtEngine("texts", model_of("Identity", element=TensorProto.STRING))


def test_a_device_that_is_not_there_is_an_error_and_no_fallback() -> None:
    with pytest.raises(DeviceUnavailable, match="NoSuchExecutionProvider is not available"):
        OrtEngine("relu", model_of("Relu"), provider="NoSuchExecutionProvider")


@pytest.mark.skipif(
    "AzureExecutionProvider" not in onnxruntime.get_available_providers(), reason="this build has the CPU provider only"
)
def test_a_device_that_would_leave_the_work_to_the_cpu_is_an_error() -> None:
    # This provider is in every wheel, and it runs nothing locally: without the check the CPU would, in silence.
    with pytest.raises(DeviceUnavailable, match="Azure"):
        OrtEngine("relu", model_of("Relu"), provider="AzureExecutionProvider")


def test_a_run_that_fails_inside_the_runtime_is_typed() -> None:
    engine = OrtEngine("sum", model_of("Add", inputs=2))
    with pytest.raises(InferenceFailed, match="sum: inference failed"):
        engine.run({"x0": np.ones((2, 3), np.float32), "x1": np.ones((4, 5), np.float32)})


def test_nothing_is_kept_for_the_runtimes_maker(tmp_path: Path) -> None:
    script = "import sys; from engines.runtimes.ort import OrtEngine; OrtEngine('relu', sys.stdin.buffer.read())"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", script], input=model_of("Relu"), check=True, env=environment, timeout=LONG_S)
    assert list(tmp_path.rglob("*")) == [], "no device id, no events that would be sent"
