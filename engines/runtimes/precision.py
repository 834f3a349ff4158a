"""Converts a network to another precision in the ONNX graph itself.

TensorRT 11 has no calibrator and TensorRT-RTX no precision flags: both compile a strongly typed graph. So
float16 is a cast of the graph, and INT8 is Quantize/Dequantize pairs around its convolutions. Either graph also runs in
ONNX Runtime on a CPU, where its accuracy can be measured without a GPU. Inputs and outputs stay float32.
"""

import contextlib
import hashlib
import io
import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.backend import Precision
from engines.errors import BadGraph, ExtraMissing, PrecisionFailed
from engines.runtimes.engine import Tensor

try:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf ships no types
except ModuleNotFoundError as error:
    raise ExtraMissing("onnx", "tensorrt") from error
try:
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static
    from onnxruntime.quantization.calibrate import EntropyCalibrater, save_tensors_data
    from onnxruntime.quantization.shape_inference import quant_pre_process
    from onnxruntime.transformers.float16 import convert_float_to_float16
except ModuleNotFoundError as error:
    raise ExtraMissing("onnxruntime", "tensorrt") from error

OPSET = 17
"""Opset to which graphs below 13, which have no scales per channel, are converted."""
OPSET_OF_CHANNELS = 13

QUANTISED = ("Conv",)
"""Operators that are quantised: they hold the multiplications. Additions, resizing, activations, transformers stay."""

BINS = 512
"""Bins of a tensor's histogram, from which 128 levels are chosen. With the library's default, 128 of 128, the entropy
search has no choice and takes minimum and maximum. The search is slow: about .4 s a tensor with 512."""
LEVELS = 128

MAX_SAMPLES = 512
MIN_SAMPLES = 8
"""Fewest pictures for calibration: fewer do not represent the ranges in use."""


@dataclass(frozen=True, slots=True)
class TypedGraph:
    """An ONNX graph with its precision and calibration."""

    data: bytes
    precision: Precision
    calibrated_on: int = 0
    excluded: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """SHA-256 of the graph, not of the model that it was made from."""
        return hashlib.sha256(self.data).hexdigest()


def half(name: str, model: bytes) -> TypedGraph:
    """Convert weights and arithmetic to float16. Raises BadGraph, PrecisionFailed."""
    proto = prepared(name, model)
    try:
        cast = convert_float_to_float16(proto, keep_io_types=True)
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        raise PrecisionFailed(name, Precision.FP16, _one_line(error), "use fp32") from error
    return TypedGraph(_serialised(cast), Precision.FP16)


def int8(
    name: str,
    model: bytes,
    samples: Iterable[Mapping[str, Tensor]],
    *,
    exclude: Iterable[str] = (),
    bins: int = BINS,
) -> TypedGraph:
    """Quantise convolutions to INT8: weights per channel, activations per tensor, symmetric, ranges by entropy.

    Ranges are measured on up to MAX_SAMPLES of `samples`, inputs of `Engine.run`. `exclude` names convolutions, as
    `convolutions` lists them, that stay float32. Biases and the outputs of convolutions are not quantised: TensorRT
    takes a bias as float, and an activation is fused before it is rounded. Raises BadGraph, PrecisionFailed.
    """
    proto = prepared(name, model)
    known, excluded = _convolutions(proto), tuple(sorted(set(exclude)))
    strangers = sorted(set(excluded) - set(known))
    if strangers:
        remedy = f"name some of its {len(known)} convolutions (`wayside-engines build {name} --list-nodes`)"
        raise PrecisionFailed(name, Precision.INT8, f"no convolution is called {strangers[0]}", remedy)
    if len(excluded) == len(known):
        raise PrecisionFailed(name, Precision.INT8, "no convolution is left to quantise", "use fp16")
    with tempfile.TemporaryDirectory(prefix="wayside-int8-") as scratch, _quiet():
        plain, ranges, result = (Path(scratch) / file for file in ("plain.onnx", "ranges.json", "int8.onnx"))
        onnx.save_model(proto, plain)
        drawn = _measure(name, plain, ranges, samples, bins)
        quantize_static(
            plain,
            result,
            calibration_cache_path=ranges,
            calibrate_method=CalibrationMethod.Entropy,
            op_types_to_quantize=list(QUANTISED),
            nodes_to_exclude=list(excluded),
            per_channel=True,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "OpTypesToExcludeOutputQuantization": list(QUANTISED),
            },
        )
        return TypedGraph(_serialised(onnx.load_model(result)), Precision.INT8, drawn, excluded)


def convolutions(name: str, model: bytes) -> tuple[str, ...]:
    """List the convolutions that `exclude` may name, in the order of the graph. Raises BadGraph."""
    return _convolutions(prepared(name, model))


def prepared(name: str, model: bytes) -> Any:
    """Fold constants, and batch normalisation into convolutions, and name every node.

    Raises BadGraph, PrecisionFailed.
    """
    try:
        proto = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise BadGraph(name, "not an ONNX file") from error
    if not proto.graph.node:
        raise BadGraph(name, "it has no nodes")
    try:
        outputs = [type(value).FromString(value.SerializeToString()) for value in proto.graph.output]
        if _opset(proto) < OPSET_OF_CHANNELS:
            proto = onnx.version_converter.convert_version(proto, OPSET)
        _drop_empty_inputs(proto.graph)
        for index, node in enumerate(proto.graph.node):
            node.name = node.name or f"{node.op_type}_{index}"
        with tempfile.TemporaryDirectory(prefix="wayside-graph-") as scratch, _quiet():
            raw, folded = Path(scratch) / "raw.onnx", Path(scratch) / "folded.onnx"
            onnx.save_model(proto, raw)
            quant_pre_process(raw, folded, skip_symbolic_shape=True)
            proto = onnx.load_model(folded)
    except (ValueError, RuntimeError, onnx.shape_inference.InferenceError, onnx.checker.ValidationError) as error:
        raise BadGraph(name, _one_line(error)) from error
    del proto.graph.output[:]  # shape inference would forget sizes that the model's author wrote down
    proto.graph.output.extend(outputs)
    used = {node.domain for node in proto.graph.node}
    opsets = [(entry.domain, entry.version) for entry in proto.opset_import if entry.domain in used]
    del proto.opset_import[:]  # the optimiser declares its own domains, which another parser need not know
    proto.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in opsets)
    return proto


def stamped(graph: bytes, notes: Mapping[str, str]) -> bytes:
    """Add notes to the metadata of a graph, which no runtime reads."""
    proto = onnx.load_model_from_string(graph)
    onnx.helper.set_model_props(proto, dict(sorted(notes.items())))
    return _serialised(proto)


def stamps(where: str, graph: bytes) -> dict[str, str]:
    """Read the notes of a graph. Raises BadGraph."""
    try:
        proto = onnx.load_model_from_string(graph)
    except DecodeError as error:
        raise BadGraph(where, "not an ONNX file") from error
    return {str(entry.key): str(entry.value) for entry in proto.metadata_props}


def _measure(name: str, graph: Path, ranges: Path, samples: Iterable[Mapping[str, Tensor]], bins: int) -> int:
    """Measure ranges with one sample's activations in memory at a time; return the number of samples."""
    calibrator = _Entering(
        graph,
        list(QUANTISED),
        str(graph.with_name("augmented.onnx")),
        symmetric=True,
        num_bins=bins,
        num_quantized_bins=LEVELS,
    )
    calibrator.augment_graph()
    calibrator.create_inference_session()
    drawn = 0
    for sample in samples:
        calibrator.collect_data(_One(sample))
        drawn += 1
        if drawn == MAX_SAMPLES:
            break
    if drawn < MIN_SAMPLES:
        remedy = f"give a folder of at least {MIN_SAMPLES}, better 200, redacted snapshots of the cameras it will serve"
        raise PrecisionFailed(name, Precision.INT8, f"{drawn} pictures to calibrate on", remedy)
    save_tensors_data(calibrator.compute_data(), ranges)
    return drawn


class _Entering(EntropyCalibrater):  # type: ignore[misc]  # onnxruntime ships no types
    """Measures only the inputs of convolutions, since only they are quantised: half the time."""

    def select_tensors_to_calibrate(self, model: Any) -> tuple[set[str], dict[str, Any]]:
        tensors, described = super().select_tensors_to_calibrate(model)
        entering = {node.input[0] for node in model.graph.node if node.op_type in QUANTISED}
        return tensors & entering, described


class _One(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """A reader of one sample."""

    def __init__(self, sample: Mapping[str, Tensor]) -> None:
        self._left: Iterator[Mapping[str, Tensor]] = iter([sample])

    def get_next(self) -> dict[str, Tensor] | None:
        sample = next(self._left, None)
        return None if sample is None else dict(sample)


def _convolutions(proto: Any) -> tuple[str, ...]:
    return tuple(node.name for node in proto.graph.node if node.op_type in QUANTISED)


def _opset(proto: Any) -> int:
    return max((int(entry.version) for entry in proto.opset_import if entry.domain in {"", "ai.onnx"}), default=0)


def _drop_empty_inputs(graph: Any) -> None:
    """Drop empty constants, which old exporters give Resize for unused inputs; the cast takes them for real scales."""
    empty = {tensor.name for tensor in graph.initializer if 0 in tensor.dims}
    for node in graph.node:
        if node.op_type == "Constant" and any(value.HasField("t") and 0 in value.t.dims for value in node.attribute):
            empty.update(node.output)
    for node in graph.node:
        if node.op_type == "Resize":
            node.input[:] = [node.input[0], *("" if one in empty else one for one in node.input[1:])]
    read = {one for node in graph.node for one in node.input}
    for field in (graph.node, graph.initializer):
        kept = [one for one in field if not empty.intersection(getattr(one, "output", [one.name])) - read]
        copies = [type(one).FromString(one.SerializeToString()) for one in kept]
        del field[:]
        field.extend(copies)


def _serialised(proto: Any) -> bytes:
    return bytes(proto.SerializeToString(deterministic=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence prints and warnings of the library about intended settings; its errors are raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
