"""Loads one model at several precisions and on several runtimes, to build plans, to time and to compare."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from engines.backend import Backend, Flavour, Precision
from engines.catalog.catalog import Catalog
from engines.cli.calibration import TappedModel, samples_of
from engines.detection.preprocess import Picture
from engines.errors import WrongKind
from engines.manifest import Kind
from engines.runtimes.engine import Engine
from engines.runtimes.gpu import Gpu
from engines.runtimes.int8_graphs import get_graph, put_graph
from engines.runtimes.ort import OrtEngine
from engines.runtimes.precision import TypedGraph, convolutions, half, int8
from engines.runtimes.selection import Running, open_plan
from engines.runtimes.trt_build import Target, build, installed
from engines.runtimes.trt_plans import ANY_GPU, Plan, PlanKey, sealed


@dataclass(frozen=True, slots=True)
class Variant:
    """A runtime and a precision to run a model with."""

    backend: Backend
    precision: Precision

    def __str__(self) -> str:
        return f"{self.backend} {self.precision}"


class Variants:
    """A model of the catalog, checked, and its graphs. Raises what `Catalog.read` raises, and WrongKind."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        self.manifest, self.wish = catalog.manifest(name), catalog.wish(name)
        if self.manifest.kind is not Kind.MODEL:
            raise WrongKind(name, self.manifest.kind, "a model to run")
        self.name = name
        self.model = catalog.read(name)
        self.sha256 = hashlib.sha256(self.model).hexdigest()
        self.plans_dir = catalog.plans_dir

    def nodes(self) -> tuple[str, ...]:
        """List the convolutions that INT8 may exclude. Raises BadGraph."""
        return convolutions(self.name, self.model)

    def calibrate(self, pictures: Iterable[Picture], exclude: tuple[str, ...]) -> TypedGraph:
        """Measure INT8 ranges on pictures and keep the graph. Raises BadGraph, PrecisionFailed, BuildFailed."""
        model = TappedModel(self.manifest, OrtEngine(self.name, self.model, threads=2))
        graph = int8(self.name, self.model, samples_of(model, pictures), exclude=exclude)
        return put_graph(self.plans_dir, self.name, self.sha256, graph)

    def graph(self, precision: Precision, exclude: tuple[str, ...] | None = None) -> TypedGraph:
        """Return the network at that precision; INT8 as it was calibrated. Raises BadGraph, PrecisionFailed."""
        if precision is Precision.FP32:
            return TypedGraph(self.model, precision)
        if precision is Precision.FP16:
            return half(self.name, self.model)
        wanted = self.wish.exclude if exclude is None else exclude
        return get_graph(self.plans_dir, self.name, self.sha256, wanted)

    def engine(self, variant: Variant, *, threads: int) -> tuple[Engine, Running]:
        """Load a variant: ONNX Runtime gets the graph, TensorRT the plan built from it. Raises what either raises."""
        if variant.backend is Backend.TRT:
            return open_plan(self.name, self.model, variant.precision, self.plans_dir)
        graph = self.graph(variant.precision)
        return OrtEngine(self.name, graph.data, threads=threads), Running(Backend.ORT, variant.precision, "CPU")

    def plan(self, graph: TypedGraph, flavour: Flavour, target: Target, gpu: Gpu | None) -> Plan:
        """Build a plan. `gpu` is the device that TensorRT builds on; a plan of TensorRT-RTX belongs to no single one.

        Raises BuildFailed, ExtraMissing.
        """
        versions = installed()
        data = build(self.name, graph.data, flavour, target)
        on_device = flavour is Flavour.TENSORRT and gpu is not None
        key = PlanKey(
            model=self.name,
            model_sha256=self.sha256,
            precision=graph.precision,
            flavour=flavour,
            flavour_version=versions[flavour],
            sm=target.sm,
            gpu=gpu.name if on_device and gpu is not None else ANY_GPU,
            profile=target.profile,
        )
        return sealed(key, data, graph_sha256=graph.sha256, calibrated_on=graph.calibrated_on, excluded=graph.excluded)
