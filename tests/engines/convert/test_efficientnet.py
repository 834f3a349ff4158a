"""The graph that is written is the network: checked by onnx, and layer by layer against the same sums in numpy."""

from functools import cache

import numpy as np
import onnx
import pytest

from engines.convert.efficientnet import BLOCKS, FEATURES, INPUT, OUTPUT, STRIDED, convert
from engines.convert.torch_reader import Numbers
from engines.errors import BadGraph
from engines.runtimes.ort import OrtEngine


@cache
def weights() -> dict[str, Numbers]:
    """A network of that form with few planes and random weights."""
    random = np.random.default_rng(3)
    found: dict[str, Numbers] = {}

    def add(name: str, norm: str, out: int, into: int, side: int) -> None:
        found[f"{name}.weight"] = random.standard_normal((out, into, side, side)).astype(np.float32)
        for part in ("weight", "bias", "running_mean"):
            found[f"{norm}.{part}"] = random.standard_normal(out).astype(np.float32) * 0.2
        found[f"{norm}.running_var"] = random.uniform(1, 2, out).astype(np.float32)

    add("_conv_stem", "_bn0", 4, 3, 3)
    planes = 4
    for number in range(BLOCKS):
        block = f"_blocks.{number}"
        wide = planes if number == 0 else 2 * planes
        out = planes + 2 if number in STRIDED else planes
        if number:
            add(f"{block}._expand_conv", f"{block}._bn0", wide, planes, 1)
        add(f"{block}._depthwise_conv", f"{block}._bn1", wide, 1, 5 if number % 2 else 3)
        add(f"{block}._project_conv", f"{block}._bn2", out, wide, 1)
        planes = out
    add("_conv_head", "_bn1", FEATURES, planes, 1)
    return found


def test_the_graph_is_valid_and_always_the_same() -> None:
    model = convert(weights(), "here")
    assert convert(weights(), "here") == model
    onnx.checker.check_model(onnx.load_model_from_string(model), full_check=True)


def test_a_batch_gives_what_single_runs_give_and_features_are_not_negative() -> None:
    engine = OrtEngine("lite0", convert(weights(), "here"))
    images = np.random.default_rng(1).uniform(-1, 1, (2, 3, 224, 224)).astype(np.float32)
    together = engine.run({INPUT: images})[OUTPUT]
    assert together.shape == (2, FEATURES)
    assert (together >= 0).all()
    for row in range(2):
        np.testing.assert_allclose(engine.run({INPUT: images[row : row + 1]})[OUTPUT][0], together[row], atol=1e-4)


def test_a_residual_joins_only_blocks_of_one_shape() -> None:
    graph = onnx.load_model_from_string(convert(weights(), "here")).graph
    joins = [node for node in graph.node if node.op_type == "Add"]
    assert len(joins) == BLOCKS - len(STRIDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_bn0.weight", None),
        ("_conv_stem.weight", np.zeros((4, 3, 2, 2), np.float32)),
        ("_conv_stem.weight", np.zeros((4, 3, 3, 5), np.float32)),
        ("_conv_stem.weight", np.full((4, 3, 3, 3), np.nan, np.float32)),
        ("_bn0.running_var", np.full(4, -1, np.float32)),
        ("_bn0.bias", np.zeros(5, np.float32)),
        ("_blocks.3._project_conv.weight", np.zeros((8, 9, 1, 1), np.float32)),
        ("_conv_head.weight", np.zeros((7, 12, 1, 1), np.float32)),
    ],
)
def test_weights_that_do_not_fit_are_refused(name: str, value: Numbers | None) -> None:
    changed = {key: kept for key, kept in weights().items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(BadGraph, match="here"):
        convert(changed, "here")
