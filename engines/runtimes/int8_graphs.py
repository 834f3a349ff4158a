"""Keeps calibrated INT8 graphs on disk: calibration takes minutes and pictures, a plan only the graph.

A graph's own metadata holds its origin, so that a manifest can name it like any ONNX file.
"""

import json
from pathlib import Path

from engines.backend import Precision
from engines.errors import BadGraph, PrecisionFailed
from engines.runtimes.precision import TypedGraph, stamped, stamps
from engines.runtimes.trt_plans import keep

SOURCE, CALIBRATED, EXCLUDED = "wayside.source_sha256", "wayside.calibrated_on", "wayside.excluded"
MAX_GRAPH_BYTES = 2 << 30


def graph_file(folder: Path, name: str, model_sha256: str) -> Path:
    """Return the path of the INT8 graph of that model."""
    return folder / f"{name}.int8.{model_sha256[:12]}.onnx"


def put_graph(folder: Path, name: str, model_sha256: str, graph: TypedGraph) -> TypedGraph:
    """Write a graph atomically and return it as written, with its metadata. Raises BuildFailed."""
    notes = {
        SOURCE: model_sha256,
        CALIBRATED: str(graph.calibrated_on),
        EXCLUDED: json.dumps(graph.excluded),
    }
    written = TypedGraph(stamped(graph.data, notes), graph.precision, graph.calibrated_on, graph.excluded)
    keep(name, graph_file(folder, name, model_sha256), (written.data,))
    return written


def get_graph(folder: Path, name: str, model_sha256: str, exclude: tuple[str, ...]) -> TypedGraph:
    """Read the stored INT8 graph. Raises PrecisionFailed if there is none with these exclusions, BadGraph."""
    file = graph_file(folder, name, model_sha256)
    remedy = f"run `wayside-engines build {name} --precision int8 --calibrate FOLDER`"
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_GRAPH_BYTES + 1)
    except FileNotFoundError as error:
        raise PrecisionFailed(name, Precision.INT8, "it was never calibrated", remedy) from error
    except OSError as error:
        raise BadGraph(str(file), f"unreadable ({error.strerror})") from error
    notes = stamps(str(file), data)
    try:
        drawn, excluded = int(notes[CALIBRATED]), tuple(str(one) for one in json.loads(notes[EXCLUDED]))
    except (KeyError, ValueError, TypeError) as error:
        raise BadGraph(str(file), "it does not say what it was calibrated on") from error
    if notes.get(SOURCE) != model_sha256:
        raise PrecisionFailed(name, Precision.INT8, f"{file.name} was made from another model", remedy)
    if excluded != tuple(sorted(set(exclude))):
        raise PrecisionFailed(name, Precision.INT8, f"{file.name} was calibrated with other exclusions", remedy)
    return TypedGraph(data, Precision.INT8, drawn, excluded)
