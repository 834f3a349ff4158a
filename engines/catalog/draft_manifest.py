"""Drafts a manifest for a customer's ONNX detector from the file: its tensors show which head it probably has.

Facts that no file holds (colour order, normalisation, which number is a car) are filled in as the project that exports
this head has them, and marked as guesses.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engines.errors import HeadUnknown
from engines.runtimes.engine import Engine, TensorSpec

_COCO_80: Final = "{ person = 0, bicycle = 1, car = 2, motorcycle = 3, bus = 5, truck = 7 } # COCO, 80 classes"
_COCO_91: Final = "{ person = 1, bicycle = 2, car = 3, motorcycle = 4, bus = 6, truck = 8 } # COCO, its own numbers"
_OWN: Final = "{ car = 0 } # GUESS: class → its number in your model; what is not named does not exist"
_CLASSES: Final = {80: _COCO_80, 90: _COCO_91, 91: _COCO_91, 92: _COCO_91}
_BATCH_AND_THREE: Final = 4
_BOX: Final = 4
_PLUS_SIDES: Final = 32
"""Columns of NanoDet-Plus that say the sides, behind the classes."""


@dataclass(frozen=True, slots=True)
class _Head:
    decoder: str
    lines: tuple[str, ...]
    classes: str
    colour: str
    feeding: tuple[str, ...]
    """Lines of [input] that follow the sides."""


def draft(name: str, file: str, engine: Engine) -> str:
    """Draft the manifest as TOML. Raises HeadUnknown where no decoder is written for the head of the file."""
    pictures = [spec for spec in engine.inputs if len(spec.shape) == _BATCH_AND_THREE]
    others = [spec for spec in engine.inputs if len(spec.shape) != _BATCH_AND_THREE]
    if len(pictures) != 1 or len(others) > 1:
        raise HeadUnknown(file, f"its inputs are {_names(engine.inputs)}, wanted one picture, B x 3 x height x width")
    height, width = pictures[0].shape[2:]
    size = None if width is None or height is None else (width, height)
    head = _head(file, engine.outputs, size, sized=bool(others))
    sides = [f"width = {width or '640 # GUESS: the file leaves it open'}"]
    sides.append(f"height = {height or '640 # GUESS'}")
    sized = [f"size_tensor = {_text(others[0].name)}"] if others else []
    lines = [
        f"name = {_text(name)}",
        'kind = "model"',
        f"file = {_text(file)}",
        f'sha256 = "{engine.sha256}"',
        'licence = "say which"',
        "",
        "[source]",
        'ecosystem = "file"',
        "",
        "[input]",
        f"tensor = {_text(pictures[0].name)}",
        f'colour = "{head.colour}" # GUESS',
        *sides,
        *sized,
        *head.feeding,
        "",
        "[output]",
        f'decoder = "{head.decoder}"',
        f"classes = {head.classes}",
        "thresholds = { vehicle = 0.4, two_wheeler = 0.4, person = 0.25 }",
        *head.lines,
    ]
    return "\n".join(lines) + "\n"


def _head(file: str, outputs: Sequence[TensorSpec], size: tuple[int, int] | None, *, sized: bool) -> _Head:
    names = {spec.name for spec in outputs}
    bgr = (
        "mean = [103.53, 116.28, 123.675] # GUESS: blue, green and red of pixels of 0 to 255, as its project",
        "std = [57.375, 57.12, 58.395]",
    )
    if {spec.name: len(spec.shape) for spec in outputs} == {"dets": 3, "labels": 2}:
        return _Head("mmdeploy", (), _COCO_80, "BGR", (*bgr, 'fit = "pad" # as RTMDet'))
    zero_to_one = ('scale = "0..1" # GUESS: as D-FINE and RT-DETR',)
    if {"labels", "boxes", "scores"} <= names:
        return _Head("detr", ("decoded = true",), _COCO_80, "RGB", zero_to_one)
    boxes = [spec for spec in outputs if len(spec.shape) == 3 and spec.shape[2] == _BOX]
    wide = [spec for spec in outputs if len(spec.shape) == 3 and spec.shape[2] != _BOX]
    if len(boxes) == 1 and len(wide) == 1:
        columns = wide[0].shape[2]
        lines = [f"tensors = {{ logits = {_text(wide[0].name)}, boxes = {_text(boxes[0].name)} }}"]
        if columns == 92:
            lines.append('activation = "softmax" # GUESS: as the first DETR')
        imagenet = (
            'scale = "0..1" # GUESS: ImageNet, as DETR and RF-DETR',
            "mean = [0.485, 0.456, 0.406]",
            "std = [0.229, 0.224, 0.225]",
        )
        feeding = zero_to_one if sized else imagenet
        return _Head("detr", tuple(lines), _CLASSES.get(columns or 0, _OWN), "RGB", feeding)
    if len(outputs) == 1 and len(wide) == 1 and size is not None and wide[0].shape[1] == _plus_cells(*size):
        named = () if wide[0].name == "output" else (f"tensors = {{ output = {_text(wide[0].name)} }}",)
        classes = _CLASSES.get((wide[0].shape[2] or 0) - _PLUS_SIDES, _OWN)
        return _Head("nanodet-plus", named, classes, "BGR", bgr)
    if len(outputs) == 1 and len(wide) == 1:
        lines = [] if wide[0].name == "output" else [f"tensors = {{ output = {_text(wide[0].name)} }}"]
        lines.append("decoded = false # true if exported with --decode_in_inference; `wayside-engines check` tells")
        classes = _CLASSES.get((wide[0].shape[2] or 0) - 5, _OWN)
        return _Head("yolox", tuple(lines), classes, "BGR", ('fit = "pad" # as YOLOX; pixels of 0 to 255',))
    raise HeadUnknown(file, f"its outputs are {_names(outputs)}, which is none of the heads that are known here")


def _plus_cells(width: int, height: int) -> int:
    """Count the cells of NanoDet-Plus, which has a fourth grid: no other head has their number."""
    return sum(-(-width // stride) * -(-height // stride) for stride in (8, 16, 32, 64))


def _text(value: str) -> str:
    """Quote a foreign text as a TOML string. JSON's escapes are among TOML's."""
    return json.dumps(value)


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(f"{spec.name!r} {list(spec.shape)}" for spec in specs) or "none"
