"""A small convolutional network with all that a change of precision meets, and pictures for it."""

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.defs import onnx_opset_version

from engines.runtimes.engine import Tensor

SIDE = 16


def small_net(*, opset: int = 18, free_size: bool = False, seed: int = 5) -> bytes:
    """x: batch x 3 x 16 x 16 → y: batch x 2 x 16 x 16. Conv, BatchNormalization, Relu, Conv (nameless), Resize."""
    assert opset <= onnx_opset_version()
    random = np.random.default_rng(seed)

    def weight(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(random.normal(0, 0.3, shape).astype(np.float32), name)

    sides: list[str | int] = ["height", "width"] if free_size else [SIDE, SIDE]
    nodes = [
        helper.make_node("Conv", ["x", "w0", "b0"], ["c0"], "first", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c0", "g", "be", "m", "v"], ["n0"]),
        helper.make_node("Relu", ["n0"], ["r0"]),
        helper.make_node("Constant", [], ["unread"], value=numpy_helper.from_array(np.zeros(0, np.float32))),
        helper.make_node("Resize", ["r0", "unread", "scales"], ["s0"], mode="nearest"),
        helper.make_node("Conv", ["s0", "w1"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, *sides])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2, *sides])],
        [
            weight("w0", 8, 3, 3, 3),
            weight("b0", 8),
            weight("g", 8),
            weight("be", 8),
            weight("m", 8),
            numpy_helper.from_array(np.ones(8, np.float32), "v"),
            numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
            weight("w1", 2, 8, 3, 3),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def samples(count: int, *, seed: int = 1) -> Iterator[dict[str, Tensor]]:
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield {"x": random.normal(0, 1, (1, 3, SIDE, SIDE)).astype(np.float32)}


def face_net(seed: int = 7) -> bytes:
    """x: batch x 3 x height x width → CenterFace's outputs at a quarter of the size. It finds anything, anywhere."""
    random = np.random.default_rng(seed)

    def weight(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(random.normal(0, 0.2, shape).astype(np.float32), name)

    heads = {"heat": 1, "scale": 2, "offset": 2}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "stem"], ["c"], "stem", strides=[4, 4], kernel_shape=[4, 4]),
            helper.make_node("Relu", ["c"], ["r"], "relu"),
            *(helper.make_node("Conv", ["r", f"w_{head}"], [f"c_{head}"], head) for head in heads),
            *(helper.make_node("Sigmoid", [f"c_{head}"], [head], f"s_{head}") for head in heads),
        ],
        "faces",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        [helper.make_tensor_value_info(head, TensorProto.FLOAT, ["batch", n, "h", "w"]) for head, n in heads.items()],
        [weight("stem", 8, 3, 4, 4), *(weight(f"w_{head}", n, 8, 1, 1) for head, n in heads.items())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return bytes(model.SerializeToString())
