"""YuNet's decoder: centres, sizes and scores of three strides."""

import numpy as np
import pytest

from engines.detection.yunet import STRIDES, yunet
from engines.manifest import Output
from engines.runtimes.engine import Tensor

SPEC = Output(decoder="yunet", classes={"face": 0}, thresholds={"face": 0.35})


def _nothing() -> dict[str, Tensor]:
    planes = {"cls": 1, "obj": 1, "bbox": 4}
    return {
        f"{role}_{s}": np.full((count, 64 // s, 64 // s), -20, np.float32)
        for role, count in planes.items()
        for s in STRIDES
    }


def test_the_decoder_reads_centres_sizes_and_scores() -> None:
    outputs = _nothing()
    outputs["cls_16"][0, 1, 2] = outputs["obj_16"][0, 1, 2] = 20
    outputs["bbox_16"][:, 1, 2] = [0.5, 0.25, np.log(2), np.log(3)]
    found = yunet(outputs, (64, 64), SPEC, 0.35)
    np.testing.assert_allclose(found.boxes, [[40 - 16, 20 - 24, 40 + 16, 20 + 24]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[1.0]], atol=1e-4)


def test_outputs_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        yunet({**_nothing(), "bbox_8": np.ones((3, 8, 8), np.float32)}, (64, 64), SPEC, 0.0)
