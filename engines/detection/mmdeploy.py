"""Decodes what MMDeploy's exporter writes for RTMDet and its kin: boxes that the graph itself has suppressed.

`dets` n x 5 (x0 y0 x1 y1 in pixels of the input, score) and `labels` n. Rows that fill up a batch have score 0.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from engines.detection.postprocess import Candidates, strongest
from engines.detection.preprocess import Size
from engines.manifest import Output
from engines.runtimes.engine import Tensor

DETS: Final = "dets"
LABELS: Final = "labels"
_SCORE: Final = 4
_COLUMNS: Final = 5


def mmdeploy(outputs: Mapping[str, Tensor], _size: Size, spec: Output, floor: float) -> Candidates:
    """Decode `dets` and `labels`: one column a class of the manifest.

    Within a group boxes are suppressed once more, since the graph did it class by class.
    """
    dets, labels = outputs[DETS], outputs[LABELS]
    if dets.ndim != 2 or dets.shape != (len(labels), _COLUMNS) or labels.ndim != 1:
        raise ValueError(
            f"{DETS} is {' x '.join(map(str, dets.shape))} and {LABELS} {' x '.join(map(str, labels.shape))}; "
            "wanted n x 5 and n"
        )
    wanted = np.array(list(spec.classes.values()))
    table = np.where(labels[:, None] == wanted, dets[:, _SCORE:], 0).astype(np.float32)
    kept = strongest(table, floor)
    return Candidates(dets[kept, :_SCORE].astype(np.float32), table[kept])
