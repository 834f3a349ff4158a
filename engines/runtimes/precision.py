"""The same network at another precision, in the ONNX graph itself.

TensorRT 11 has no calibrator and TensorRT-RTX no precision flags: both compile what a strongly typed graph says. So
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
"""Graphs of an older opset than 13, which has no scales per channel, are raised to this one."""
OPSET_OF_CHANNELS = 13

QUANTISED = ("Conv",)
"""Where the multiplications are. Additions, resizing and activations stay as they were, as does a transformer."""

BINS = 512
"""Of a tensor's histogram, from which 128 levels are chosen. The library's own default, 128 of 128, leaves the entropy
search nothing to choose from: it is the minimum and maximum. The search is slow: about .4 s a tensor with 512."""
LEVELS = 128

MAX_SAMPLES = 512
MIN_SAMPLES = 8
"""Fewer pictures say nothing of the ranges to come."""


@dataclass(frozen=True, slots=True)
class Graph:
    """An ONNX graph and how it came about."""

    data: bytes
    precision: Precision
    calibrated_on: int = 0
    excluded: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the graph, not of the model that it was made from."""
        return hashlib.sha256(self.data).hexdigest()


def half(name: str, model: bytes) -> Graph:
    """Weights and arithmetic in float16. Raises BadGraph, PrecisionFailed."""
    proto = prepared(name, model)
    try:
        cast = convert_float_to_float16(proto, keep_io_types=True)
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        raise PrecisionFailed(name, Precision.FP16, _one_line(error), "use fp32") from error
    return Graph(_serialised(cast), Precision.FP16)


def int8(
    name: str,
    model: bytes,
    samples: Iterable[Mapping[str, Tensor]],
    *,
    exclude: Iterable[str] = (),
    bins: int = BINS,
) -> Graph:
    """Convolutions in INT8: weights per channel, activations per tensor, symmetric, ranges by entropy over `samples`.

    A sample is what `Engine.run` takes; up to MAX_SAMPLES are drawn, one at a time. `exclude` names convolutions, as
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
        return Graph(_serialised(onnx.load_model(result)), Precision.INT8, drawn, excluded)


def convolutions(name: str, model: bytes) -> tuple[str, ...]:
    """What `exclude` may name, in the order of the graph. Raises BadGraph."""
    return _convolutions(prepared(name, model))


def prepared(name: str, model: bytes) -> Any:
    """The graph with constants folded, batch normalisation in the convolutions, and every node named.

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
    """The graph with notes in its metadata, which no runtime reads."""
    proto = onnx.load_model_from_string(graph)
    onnx.helper.set_model_props(proto, dict(sorted(notes.items())))
    return _serialised(proto)


def stamps(where: str, graph: bytes) -> dict[str, str]:
    """The notes of a graph. Raises BadGraph."""
    try:
        proto = onnx.load_model_from_string(graph)
    except DecodeError as error:
        raise BadGraph(where, "not an ONNX file") from error
    return {str(entry.key): str(entry.value) for entry in proto.metadata_props}


def _measure(name: str, graph: Path, ranges: Path, samples: Iterable[Mapping[str, Tensor]], bins: int) -> int:
    """Histogram by histogram, so that one sample's activations are in memory at a time; the number of samples."""
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
    """Only what enters a convolution is quantised, so only that is measured: half the time."""

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
    """Old exporters give Resize an empty constant for what it should not read; the cast takes it for a real scale."""
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
    """The library prints and warns of what was meant; what goes wrong is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
