"""A head whose model lists boxes with a score each: it decodes."""

from collections.abc import Mapping

import numpy as np

from engines.detection.detector import Detector
from engines.manifest import parse
from engines.runtimes.engine import Tensor, TensorSpec
from tests.architecture.additions.tree import Tree

KIND = "a detector head"
RUN_IN = "tests/engines/detection"
MANIFEST = b"""
name = "listed"
kind = "model"
file = "listed.onnx"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
licence = "none"
[source]
ecosystem = "file"
[input]
tensor = "x"
colour = "RGB"
width = 64
height = 32
[output]
decoder = "listed"
classes = { car = 0 }
thresholds = { vehicle = 0.5 }
"""


def add(tree: Tree) -> None:
    tree.write(
        "engines/detection/listed.py",
        '''"""Decodes a list of boxes with their scores."""

from collections.abc import Mapping

from engines.detection.postprocess import Candidates
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor


def listed(outputs: Mapping[str, Tensor], _size: Size, _spec: Output, _floor: float) -> Candidates:
    return Candidates(outputs["rows"][:, :4], outputs["rows"][:, 4:])
''',
    )
    heads = "engines/detection/heads.py"
    tree.import_before(heads, "from engines.detection.postprocess import", "engines.detection.listed", "listed")
    tree.before(heads, '    "nanodet": Head(', '    "listed": Head(listed, _always(rows=(None, 5))),\n')


class ListedEngine:
    """A runtime whose model finds a car, and something that is hardly one."""

    name = "listed"
    sha256 = "0" * 64
    inputs: tuple[TensorSpec, ...] = (TensorSpec("x", (None, 3, 32, 64), "float32"),)
    outputs: tuple[TensorSpec, ...] = (TensorSpec("rows", (None, None, 5), "float32"),)

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        rows = np.array([[8, 4, 40, 20, 0.75], [0, 0, 9, 9, 0.25]], np.float32)
        return {"rows": np.stack([rows] * len(inputs["x"]))}


def test_the_head_decodes() -> None:
    detector = Detector(parse(MANIFEST, "listed"), ListedEngine())
    found = detector.detect(np.zeros((32, 64, 3), np.uint8))
    assert [(each.class_name, each.score, tuple(each.box)) for each in found] == [("car", 0.75, (8, 4, 40, 20))]
