"""Lists the heads that can be decoded and their outputs, and checks a model file against them before it runs.

A file may leave a side of a tensor open or not state it; the decoder checks such a side in every run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engines.detection.centerface import centerface
from engines.detection.clp import clp
from engines.detection.dbnet import dbnet
from engines.detection.detr import BOXES, LABELS, LOGITS, SCORES, detr
from engines.detection.mmdeploy import DETS, mmdeploy
from engines.detection.nanodet_plus import OUTPUT as PLUS_OUTPUT
from engines.detection.nanodet_plus import centres, nanodet_plus
from engines.detection.postprocess import GROUP_OF, Decode, nanodet
from engines.detection.preprocess import Size
from engines.detection.yolox import OUTPUT, cells, yolox
from engines.detection.yunet import STRIDES, yunet
from engines.errors import ManifestInvalid, ManifestMismatch, WrongKind
from engines.manifest import Input, Kind, Manifest, Output
from engines.runtimes.engine import Engine, TensorSpec

Shape = tuple[int | None, ...]
"""Shape of a tensor without its batch. None: any side."""

PIXELS: Final = "float32"
_SIZES: Final = ("int64", "int32", "float32")


@dataclass(frozen=True, slots=True)
class Head:
    """A decoder and the outputs that it reads.

    Attributes:
        decode: raw outputs to candidates.
        shapes: output → the shape that it must have, given the manifest and the size of the input (None: not fixed).
        classes: the output and the axis in which the classes of the manifest must have room, and where they begin.
    """

    decode: Decode
    shapes: Callable[[Output, Size | None], Mapping[str, Shape]]
    classes: tuple[str, int, int] | None = None


def _yolox(output: Output, size: Size | None) -> Mapping[str, Shape]:
    return {OUTPUT: (None if size is None else len(cells(size, output.strides)), None)}


def _nanodet(_output: Output, size: Size | None) -> Mapping[str, Shape]:
    counts = {side: None if size is None else (size[0] // side) * (size[1] // side) for side in (8, 16, 32)}
    return {f"class_{side}": (count, None) for side, count in counts.items()} | {
        f"box_{side}": (count, None) for side, count in counts.items()
    }


def _nanodet_plus(_output: Output, size: Size | None) -> Mapping[str, Shape]:
    return {PLUS_OUTPUT: (None if size is None else len(centres(size)), None)}


def _detr(output: Output, _size: Size | None) -> Mapping[str, Shape]:
    if output.decoded:
        return {LABELS: (None,), BOXES: (None, 4), SCORES: (None,)}
    return {LOGITS: (None, None), BOXES: (None, 4)}


def _always(**shapes: Shape) -> Callable[[Output, Size | None], Mapping[str, Shape]]:
    return lambda _output, _size: shapes


_YUNET_PLANES: Final = {"cls": 1, "obj": 1, "bbox": 4}
_YUNET: Final[Mapping[str, Shape]] = {
    f"{role}_{stride}": (planes, None, None) for role, planes in _YUNET_PLANES.items() for stride in STRIDES
}

HEADS: Final[Mapping[str, Head]] = {
    "centerface": Head(
        centerface, _always(heat=(1, None, None), scale=(2, None, None), offset=(2, None, None)), ("heat", 1, 0)
    ),
    "clp": Head(clp, _always(loc=(None, 4), conf=(None, None)), ("conf", 2, 0)),
    "dbnet": Head(dbnet, _always(map=(1, None, None)), ("map", 1, 0)),
    "detr": Head(detr, _detr, (LOGITS, 2, 0)),
    "mmdeploy": Head(mmdeploy, _always(**{DETS: (None, 5), LABELS: (None,)})),
    "nanodet": Head(nanodet, _nanodet, ("class_8", 2, 0)),
    "nanodet-plus": Head(nanodet_plus, _nanodet_plus, (PLUS_OUTPUT, 2, 0)),
    "yolox": Head(yolox, _yolox, (OUTPUT, 2, 5)),
    "yunet": Head(yunet, _always(**_YUNET), ("cls_8", 1, 0)),
}
"""Heads that can be decoded. Another ONNX detector with one of these needs a manifest and no code."""


_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "activation": frozenset({"detr"}),
    "decoded": frozenset({"detr", "yolox"}),
    "strides": frozenset({"yolox"}),
}
"""Options of [output] that only some heads have. Stated for another head, they would have no effect."""


def detector_parts(manifest: Manifest) -> tuple[Input, Output]:
    """Return input and output of a detector. Raises WrongKind for other models, ManifestInvalid without a decoder."""
    if manifest.kind is not Kind.MODEL or manifest.input is None or manifest.output is None:
        raise WrongKind(manifest.name, manifest.kind, "a detector")
    head_of(manifest, manifest.output)
    return manifest.input, manifest.output


def head_of(manifest: Manifest, output: Output) -> Head:
    """Return the head that a manifest names. Raises ManifestInvalid, also for outputs or options it does not have."""
    if output.decoder not in HEADS:
        raise ManifestInvalid(manifest.name, f"no decoder {output.decoder!r}; there are {', '.join(sorted(HEADS))}")
    head = HEADS[output.decoder]
    roles = head.shapes(output, None)
    for role in output.tensors:
        if role not in roles:
            known = ", ".join(sorted(roles)) or "none"
            raise ManifestInvalid(manifest.name, f"decoder {output.decoder} reads no {role!r}; it reads {known}")
    for field in output.model_fields_set & _OPTIONS.keys():
        if output.decoder not in _OPTIONS[field]:
            raise ManifestInvalid(manifest.name, f"decoder {output.decoder} knows no {field!r}")
    for name in output.classes:
        if GROUP_OF[name] not in output.thresholds:
            raise ManifestInvalid(manifest.name, f"class {name} has no threshold for its group {GROUP_OF[name]}")
    return head


def check_fit(manifest: Manifest, given: Input, output: Output, engine: Engine) -> None:
    """Check the tensors of the model file against its manifest. Raises ManifestMismatch, ManifestInvalid."""
    head = head_of(manifest, output)
    _check_inputs(manifest.name, given, engine.inputs)
    size = None if given.width is None or given.height is None else (given.width, given.height)
    outputs = {spec.name: spec for spec in engine.outputs}
    for role, shape in head.shapes(output, size).items():
        name = output.tensors.get(role, role)
        if name not in outputs:
            raise ManifestMismatch(
                manifest.name,
                name,
                f"is no output of the file; it has {_names(engine.outputs)}",
                f'say which is the {role} under [output.tensors], `{role} = "…"`, or name another decoder',
            )
        _check_output(manifest.name, outputs[name], shape, f"decoder {output.decoder}")
    if head.classes is not None and head.classes[0] in head.shapes(output, size):
        role, axis, first = head.classes
        _check_classes(manifest.name, outputs[output.tensors.get(role, role)], axis, first, output)


def _check_inputs(name: str, given: Input, specs: Sequence[TensorSpec]) -> None:
    inputs = {spec.name: spec for spec in specs}
    for tensor in (given.tensor, *(() if given.size_tensor is None else (given.size_tensor,))):
        if tensor not in inputs:
            raise ManifestMismatch(
                name, tensor, f"is no input of the file; it has {_names(specs)}", "correct [input] of the manifest"
            )
    for spec in specs:
        if spec.name not in {given.tensor, given.size_tensor}:
            remedy = "export the model without it, or, if it wants the picture's size, name it as `size_tensor`"
            raise ManifestMismatch(name, spec.name, "is an input that nothing is known to feed", remedy)
    pixels = inputs[given.tensor]
    if pixels.dtype != PIXELS:
        raise ManifestMismatch(name, pixels.name, f"is {pixels.dtype}", "export the model with a float32 input")
    _check_shape(
        name, pixels, (None, 3, given.height, given.width), "the manifest", "correct width and height, or export B x 3"
        " x height x width"
    )  # fmt: skip
    if given.size_tensor is not None:
        sizes = inputs[given.size_tensor]
        if sizes.dtype not in _SIZES:
            raise ManifestMismatch(name, sizes.name, f"is {sizes.dtype}", f"export it as {' or '.join(_SIZES)}")
        _check_shape(name, sizes, (None, 2), "size_tensor", "name the input that wants (width, height)")


def _check_output(name: str, spec: TensorSpec, shape: Shape, who: str) -> None:
    _check_shape(name, spec, (None, *shape), who, "name the decoder of this head, or export it without changes")


def _check_shape(name: str, spec: TensorSpec, wanted: Shape, who: str, remedy: str) -> None:
    if not spec.shape:  # the file does not say
        return
    fits = len(spec.shape) == len(wanted) and all(
        None in {is_, want} or is_ == want for is_, want in zip(spec.shape, wanted, strict=True)
    )
    if not fits:
        raise ManifestMismatch(name, spec.name, f"is {_sides(spec.shape)}, {who} wants {_sides(wanted)}", remedy)


def _check_classes(name: str, spec: TensorSpec, axis: int, first: int, output: Output) -> None:
    room = spec.shape[axis] if axis < len(spec.shape) else None
    highest = max(output.classes, key=lambda one: output.classes[one])
    if room is not None and first + output.classes[highest] >= room:
        reason = f"has room for {room - first} classes, the manifest says {highest} = {output.classes[highest]}"
        raise ManifestMismatch(name, spec.name, reason, "correct [output] classes")


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(f"{spec.name!r} {_sides(spec.shape)}" for spec in specs) or "none"


def _sides(shape: Shape) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape) or "of no stated shape"
