"""Builds a TensorRT plan of an ONNX graph, with either TensorRT.

Networks are strongly typed: the graph gives the precision of each tensor (`engines.runtimes.precision`), and TensorRT
only chooses kernels. TensorRT builds on the device that will run the plan; TensorRT-RTX builds for a named compute
capability on any machine, with a GPU or without.
"""

from collections import deque
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from engines.backend import Flavour
from engines.errors import BuildFailed, ExtraMissing
from engines.runtimes.trt_plans import Profile, Span

EXTRAS = {Flavour.TENSORRT: "tensorrt", Flavour.RTX: "tensorrt-rtx"}

WORKSPACE_MB = 4096
"""Scratch memory that a kernel may use: it limits the shapes that can be built, and the device must have it free.
CenterFace at 1088 x 1920 in a batch of eight wants more than 1 GiB."""

MAX_COMPLAINTS = 8


def installed() -> dict[Flavour, str]:
    """Return the installed TensorRTs and their versions without importing any."""
    found = {}
    for flavour in Flavour:
        try:
            found[flavour] = metadata.version(flavour.value)
        except metadata.PackageNotFoundError:
            continue
    return found


def tensorrt_of(flavour: Flavour) -> Any:
    """Import the module of a TensorRT. Call `engines.runtimes.gpu.probe` first if it is to run. Raises ExtraMissing."""
    try:
        if flavour is Flavour.RTX:
            import tensorrt_rtx as module  # noqa: PLC0415 - only one of the two is installed
        else:
            import tensorrt as module  # noqa: PLC0415
    except (ImportError, OSError) as error:  # a wheel without its shared libraries raises either
        raise ExtraMissing(flavour.value.replace("-", "_"), EXTRAS[flavour]) from error
    return module


@dataclass(frozen=True, slots=True)
class Target:
    """Compute capability, shapes and scratch memory for which a plan is built."""

    sm: int
    profile: Profile
    workspace_mb: int = WORKSPACE_MB


def build(name: str, graph: bytes, flavour: Flavour, target: Target) -> bytes:
    """Build the serialized engine. Raises BuildFailed, ExtraMissing.

    TensorRT itself builds for the current device, which the caller has probed: `target.sm` is its capability.
    """
    trt = tensorrt_of(flavour)
    logger = _complaints(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        complaints = "; ".join(
            parser.get_error(index).desc() for index in range(min(parser.num_errors, MAX_COMPLAINTS))
        )
        raise BuildFailed(
            name, complaints or "the graph cannot be parsed", "use ONNX Runtime, or export the model anew"
        )
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, target.workspace_mb << 20)
    if flavour is Flavour.RTX:
        config.num_compute_capabilities = 1
        config.set_compute_capability(_capability(name, trt, target.sm), 0)
    shapes = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        shapes.set_shape(tensor.name, *_spans(name, tensor.name, tuple(tensor.shape), target.profile))
    if config.add_optimization_profile(shapes) < 0:
        raise BuildFailed(name, f"the shapes do not fit: {logger.text()}", "correct --batch and --size")
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        remedy = f"allow more scratch memory than {target.workspace_mb} MB (--workspace-mb), or smaller shapes"
        raise BuildFailed(name, logger.text(), remedy)
    return bytes(plan)


def _complaints(trt: Any) -> Any:
    """Make a logger that keeps the last errors, so that they can be raised."""

    class Complaints(trt.ILogger):  # type: ignore[misc]  # TensorRT ships no types
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self._last: deque[str] = deque(maxlen=MAX_COMPLAINTS)

        def log(self, severity: Any, text: str) -> None:
            """Keep an error; TensorRT calls this from any of its threads."""
            if severity in {trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR}:
                self._last.append(" ".join(text.split())[:300])

        def text(self) -> str:
            """Join the last errors, or state that there are none."""
            return "; ".join(self._last) or "TensorRT gives no reason"

    return Complaints()


def _capability(name: str, trt: Any, sm: int) -> Any:
    known = [one for one in trt.ComputeCapability.__members__ if one.startswith("SM")]
    if f"SM{sm}" not in known:
        raise BuildFailed(name, f"TensorRT-RTX {trt.__version__} knows no SM{sm}", f"choose of {', '.join(known)}")
    return trt.ComputeCapability.__members__[f"SM{sm}"]


def _spans(name: str, tensor: str, shape: tuple[int, ...], profile: Profile) -> list[tuple[int, ...]]:
    """Return least, usual and most shape of an input: B x C x H x W, B x any, or without a free axis."""
    free = [axis for axis, size in enumerate(shape) if size < 0]
    spans: dict[int, Span] = {0: profile.batch}
    if len(shape) == len("BCHW"):
        if profile.height is not None and profile.width is not None:
            spans |= {2: profile.height, 3: profile.width}
        elif {2, 3}.intersection(free):
            raise BuildFailed(name, f"input {tensor!r} takes any size", "say which sizes it will see (--size)")
    unknown = [axis for axis in free if axis not in spans]
    if unknown:
        raise BuildFailed(name, f"input {tensor!r} has a free axis {unknown[0]}", "export the model with a fixed one")
    return [tuple(spans[axis][end] if axis in free else size for axis, size in enumerate(shape)) for end in range(3)]
