"""Defines the errors of model files and tensors; each message gives the fault, its place and the remedy."""

from pathlib import Path


class EngineError(Exception):
    """Base of every error of this package; its message is one line and ends with the remedy."""


class ManifestInvalid(EngineError):
    """A manifest that cannot be read as one."""

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: not a valid manifest: {reason}; correct the file or remove it")


class UnknownArtifact(EngineError):
    """A name for which the catalog has no manifest."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"{name}: no such artifact in the catalog; it has {', '.join(known)}")


class ModelMissing(EngineError):
    """The file that a manifest names is not there, or cannot be read."""

    def __init__(self, name: str, file: Path, reason: str = "missing") -> None:
        self.name = name
        self.file = file
        self.reason = reason
        super().__init__(f"{name}: {file} is {reason}; run `wayside-engines fetch {name}`")


class ModelCorrupt(EngineError):
    """The file is there and is not the one its manifest describes."""

    def __init__(self, name: str, file: Path, expected: str, got: str) -> None:
        self.name = name
        self.file = file
        self.expected = expected
        self.got = got
        super().__init__(
            f"{name}: {file} has sha256 {got}, the manifest says {expected}; run `wayside-engines fetch {name}`"
        )


class ModelRefused(EngineError):
    """The runtime cannot load the model."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(f"{name}: the runtime refuses the model: {reason}; use a model that its manifest describes")


class ManifestMismatch(EngineError):
    """A model file whose tensors are not those of its manifest or of the decoder that the manifest names."""

    def __init__(self, name: str, tensor: str, reason: str, remedy: str) -> None:
        self.name = name
        self.tensor = tensor
        super().__init__(f"{name}: tensor {tensor!r} {reason}; {remedy}")


class WrongKind(EngineError):
    """An artifact requested as another kind, such as an audit model as a detector."""

    def __init__(self, name: str, kind: str, wanted: str) -> None:
        self.name = name
        super().__init__(f"{name}: is of kind '{kind}', not {wanted}; name another (`wayside-engines list`)")


class DeviceUnavailable(EngineError):
    """The runtime has no such device, or would quietly have used another one."""

    def __init__(self, name: str, wanted: str, available: tuple[str, ...]) -> None:
        self.name = name
        super().__init__(
            f"{name}: {wanted} is not available here ({', '.join(available)} is); "
            "choose one of these or install the runtime of that device"
        )


class ProcessorUnfit(EngineError):
    """A processor on which a quantised network would be slow, or its sums would overflow."""

    def __init__(self, name: str, machine: str, lacks: str = "AVX2") -> None:
        self.name = name
        super().__init__(
            f"{name}: this processor ({machine}) has no {lacks}; run the network in float32: write a table of its "
            'name, without -int7 or -int8, with `backend = "ort"` into `plans/runtime.toml` of the models folder'
        )


class BadTensor(EngineError):
    """A tensor of the wrong name, shape or type."""

    def __init__(self, engine: str, tensor: str, reason: str) -> None:
        self.engine = engine
        self.tensor = tensor
        super().__init__(f"{engine}: tensor {tensor!r} {reason}; feed what the engine's specs declare")


class BadImage(EngineError):
    """An array that is no uint8 H x W x 3 picture."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a picture: {reason}; pass a uint8 array of shape H x W x 3 in BGR order")


class TooManyTiles(EngineError):
    """A picture whose shape or size needs more tiles than a search may have."""

    def __init__(self, size: tuple[int, int], most: int) -> None:
        self.size = size
        super().__init__(
            f"{size[0]} x {size[1]} pixels would be searched in over {most} parts; "
            "withhold the picture, and refuse such shapes before they are decoded"
        )


class BadPictureFile(EngineError):
    """A picture file that cannot be read or written."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(f"{file}: {reason}; name a JPEG or PNG file that this user may use")


class BadLabels(EngineError):
    """A label file that cannot be read, or is none."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(f"{file}: {reason}; docs/detectors.md shows a label file")


class InferenceFailed(EngineError):
    """The runtime failed in the middle of a run."""

    def __init__(self, engine: str, reason: str) -> None:
        self.engine = engine
        super().__init__(f"{engine}: inference failed: {reason}; withhold the picture, and restart if it happens again")


class UnexpectedOutput(EngineError):
    """The model ran, and its outputs do not fit the decoder that its manifest names."""

    def __init__(self, engine: str, reason: str) -> None:
        self.engine = engine
        super().__init__(f"{engine}: outputs do not fit the decoder: {reason}; name the right decoder in the manifest")


class ExtraMissing(EngineError):
    """A library of an extra is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        super().__init__(f"the Python module {module} is missing; run `pip install 'wayside[{extra}]'`")


class FetchFailed(EngineError):
    """An artifact could not be brought from its package."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name = name
        super().__init__(f"{name}: fetch failed: {reason}; {remedy}")


class BadPackage(EngineError):
    """A package that is not what its registry or manifest says: damaged, too large, or short of a member."""

    def __init__(self, package: str, reason: str) -> None:
        self.package = package
        super().__init__(f"{package}: unusable package: {reason}; fetch again, then check the version in the manifest")


class BadGraph(EngineError):
    """A TensorFlow.js or ONNX graph that cannot be read."""

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        super().__init__(f"{where}: unreadable graph: {reason}; use the version that the manifest names")


class HeadUnknown(EngineError):
    """An ONNX file whose inputs and outputs are those of no detector that can be read."""

    def __init__(self, file: str, reason: str) -> None:
        self.file = file
        super().__init__(
            f"{file}: {reason}; export a YOLOX or a DETR without changes, or write its manifest by hand "
            "(docs/detectors.md)"
        )


class UnsupportedOperator(EngineError):
    """A graph uses an operator, or a variant of one, for which there is no translation."""

    def __init__(self, node: str, op: str) -> None:
        self.node = node
        self.op = op
        super().__init__(f"{node}: no translation for operator {op}; convert this model to ONNX with its own exporter")


class NoGpu(DeviceUnavailable):
    """No NVIDIA device can be used here."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        EngineError.__init__(self, f"no NVIDIA device: {reason}; install its driver, or choose the backend `ort`")


class PlanMissing(EngineError):
    """No plan was built for this model at this precision."""

    def __init__(self, name: str, precision: str, folder: Path) -> None:
        self.name = name
        super().__init__(
            f"{name}: no {precision} plan in {folder}; run `wayside-engines build {name} --precision {precision}`"
        )


class PlanForeign(EngineError):
    """A plan that was built for another device, TensorRT or model."""

    def __init__(self, name: str, file: Path, reason: str) -> None:
        self.name = name
        self.file = file
        self.reason = reason
        super().__init__(f"{name}: {file.name} is refused: {reason}; run `wayside-engines build {name}` here")


class PlanCorrupt(EngineError):
    """A file that is no plan, or a plan that is cut off or damaged."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        super().__init__(f"{file}: not a whole plan: {reason}; remove it and run `wayside-engines build` again")


class BuildFailed(EngineError):
    """TensorRT could not build a plan."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name = name
        super().__init__(f"{name}: no plan could be built: {reason}; {remedy}")


class PrecisionFailed(EngineError):
    """A graph could not be brought to another precision."""

    def __init__(self, name: str, precision: str, reason: str, remedy: str) -> None:
        self.name = name
        super().__init__(f"{name}: cannot be brought to {precision}: {reason}; {remedy}")
