"""A text recogniser narrowed to an alphabet: outputs for its signs alone, in their order, and no list of others."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engines.convert.alphabet import narrowed
from engines.errors import BadGraph
from engines.runtimes.ort import OrtEngine

SIGNS = "abcde"
CLASSES = len(SIGNS) + 2


def recogniser() -> bytes:
    """Its answer is the mean of the colours of a picture that is as wide as there are classes."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 48, CLASSES])
    told = helper.make_tensor_value_info("soft", TensorProto.FLOAT, [1, 48, CLASSES])
    node = helper.make_node("ReduceMean", ["x"], ["soft"], axes=[1], keepdims=0)
    model = helper.make_model(
        helper.make_graph([node], "g", [given], [told]), opset_imports=[helper.make_opsetid("", 12)], ir_version=8
    )
    helper.set_model_props(model, {"character": "\n".join(SIGNS)})
    return bytes(model.SerializeToString())


def test_the_signs_of_the_alphabet_are_left_in_their_order() -> None:
    small = narrowed(recogniser(), "db ", {"soft": "odds"}, "here")
    assert small == narrowed(recogniser(), "db ", {"soft": "odds"}, "here")
    picture = np.random.default_rng(1).random((2, 3, 48, CLASSES), np.float32)
    odds = OrtEngine("here", small).run({"x": picture})["odds"]
    assert np.allclose(odds, picture.mean(axis=1)[:, :, [0, 4, 2, 6]])  # blank, d, b, space
    read = onnx.load_model_from_string(small)
    assert [each.name for each in read.graph.output] == ["odds"]
    assert not read.metadata_props


@pytest.mark.parametrize(
    ("model", "signs", "outputs", "complaint"),
    [
        (b"\xff", "a", {"soft": "odds"}, "not an ONNX file"),
        (recogniser(), "az", {"soft": "odds"}, "does not know the sign 'z'"),
        (recogniser(), "a", {"hard": "odds"}, "has no output hard"),
    ],
)
def test_what_is_no_such_recogniser_is_refused(
    model: bytes, signs: str, outputs: dict[str, str], complaint: str
) -> None:
    with pytest.raises(BadGraph, match=complaint):
        narrowed(model, signs, outputs, "here")
