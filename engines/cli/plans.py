"""`wayside-engines build | bench | compare`: plans for NVIDIA devices, and the speed and accuracy of a precision."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from engines.backend import Backend, Flavour, Precision
from engines.catalog.catalog import Catalog
from engines.cli.terminal import ModelsDir, err, one_line_errors, out
from engines.errors import BuildFailed, ExtraMissing, NoGpu

if TYPE_CHECKING:  # the libraries below are heavy, and `--help` needs none of them
    from engines.cli.variants import Variants
    from engines.runtimes.engine import Engine
    from engines.runtimes.gpu import Gpu
    from engines.runtimes.selection import Running
    from engines.runtimes.trt_plans import Profile

Model = Annotated[str, typer.Argument(help="A model of the catalog.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Sizes = Annotated[
    str,
    typer.Option(
        help="Least, usual and most WIDTHxHEIGHT in pixels of a model that takes any size.", metavar="WxH,WxH,WxH"
    ),
]
Backends = Annotated[
    list[Backend] | None, typer.Option("--backend", help="ort, trt; may be repeated. Default: ort, and trt if it runs.")
]
Precisions = Annotated[
    list[Precision] | None, typer.Option("--precision", help="May be repeated. Default: fp32, fp16.")
]


def build(
    model: Model,
    precision: Annotated[Precision | None, typer.Option(help="Default: what is wished for here, else fp32.")] = None,
    calibrate: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="int8: redacted snapshots to measure ranges on, 200 or more.")
    ] = None,
    most: Annotated[int, typer.Option(min=8, max=512, help="int8: pictures to take of that folder.")] = 256,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="NODE", help="int8: a convolution that stays float32; may be repeated.")
    ] = None,
    flavour: Annotated[Flavour | None, typer.Option(help="Default: tensorrt where it and a device are.")] = None,
    sm: Annotated[
        int | None,
        typer.Option(help="Compute capability without its dot, 75 for a T4. Default: this machine's device."),
    ] = None,
    batch: Annotated[str, typer.Option(metavar="N,N,N", help="Least, usual and most pictures at once.")] = "1,8,32",
    size: Sizes = "32x32,1280x736,1920x1088",
    workspace_mb: Annotated[int, typer.Option(min=16, max=1 << 20, help="Scratch memory a kernel may use.")] = 4096,
    graph_only: Annotated[bool, typer.Option("--graph-only", help="Calibrate, and build no plan.")] = False,
    list_nodes: Annotated[bool, typer.Option("--list-nodes", help="List what --exclude may name, and end.")] = False,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Build a TensorRT plan. For TensorRT, on the machine that will run it; TensorRT-RTX builds on any, for --sm."""
    from engines.cli.calibration import pictures_in  # noqa: PLC0415
    from engines.cli.variants import Variants  # noqa: PLC0415
    from engines.runtimes.trt_build import Target, installed  # noqa: PLC0415
    from engines.runtimes.trt_plans import PlanStore  # noqa: PLC0415

    with one_line_errors():
        variants = Variants(Catalog(models_dir), model)
        if list_nodes:
            out.print("\n".join(variants.nodes()), soft_wrap=True, highlight=False, markup=False)
            return
        wanted = precision or variants.wish.precision
        kept = tuple(exclude) if exclude else variants.wish.exclude
        if wanted is not Precision.INT8 and (calibrate or exclude):
            raise typer.BadParameter(f"only int8 is calibrated, and this is {wanted}", param_hint="--precision")
        profile = _profile(variants, batch, size)
        place = None if graph_only else _target(model, flavour, sm, installed())
        if wanted is Precision.INT8 and calibrate is not None:
            graph = variants.calibrate(pictures_in(calibrate, most=most), kept)
        else:
            graph = variants.graph(wanted, kept)
        report: dict[str, Any] = {
            "model": model,
            "precision": wanted,
            "graph_sha256": graph.sha256,
            "calibrated_on": graph.calibrated_on,
        }
        if place is None:
            _print_report(report, f"{model}: the {wanted} graph is ready", as_json=as_json)
            return
        chosen, gpu, capability = place
        plan = variants.plan(graph, chosen, Target(capability, profile, workspace_mb), gpu)
        file = PlanStore(variants.plans_dir).put(plan)
    report |= {"plan": str(file), "bytes": len(plan.data), "key": plan.header.key.model_dump(mode="json")}
    _print_report(report, f"{file}: {len(plan.data) / 1e6:.1f} MB", as_json=as_json)


def bench(
    model: Model,
    backend: Backends = None,
    precision: Precisions = None,
    batch: Annotated[list[int] | None, typer.Option(min=1, max=1024, help="May be repeated. Default: 1 and 8.")] = None,
    size: Annotated[str, typer.Option(help="Of a model that takes any size.", metavar="WxH")] = "1280x736",
    rounds: Annotated[int, typer.Option(min=1, max=100_000)] = 20,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Of ONNX Runtime.")] = 2,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Time each variant beside ONNX Runtime in float32, in turn, in the same run. Pictures are noise."""
    from engines.cli.benchmark import timed  # noqa: PLC0415

    with one_line_errors():
        engines = _engines(Catalog(models_dir), model, backend, precision, threads)
        pixels = _pixels(size, "--size")
        timings = [one for count in batch or [1, 8] for one in timed(engines, count, pixels, rounds=rounds)]
    if as_json:
        machine = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": threads, "rounds": rounds}
        _print_json({"model": model, **machine, "results": [one.as_json() for one in timings]})
        return
    table = Table("runs on", "batch", "ms", "ms p95", "pictures/s", "of baseline", title=f"{model}, {rounds} rounds")
    for one in timings:
        runs = f"{one.running.backend} {one.running.precision}, {one.running.device}"
        figures = f"{one.ms:.2f}", f"{one.ms_p95:.2f}", f"{one.pictures_per_s:.1f}", f"{one.ratio:.2f}"
        table.add_row(escape(runs), str(one.batch), *figures)
    out.print(table)


def compare(
    model: Model,
    folder: Annotated[Path, typer.Argument(help="Pictures: JPEG, PNG.")],
    backend: Backends = None,
    precision: Precisions = None,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="Pictures to look at.")] = 200,
    iou: Annotated[float, typer.Option(min=0.05, max=0.95, help="Overlap from which two boxes are one thing.")] = 0.5,
    size: Annotated[str, typer.Option(help="The largest, for a model of any size.", metavar="WxH")] = "1920x1088",
    labels: Annotated[
        Path | None,
        typer.Option(help="Label file of the folder: prints precision, recall and average precision instead."),
    ] = None,
    tiles: Annotated[
        bool, typer.Option(help="With --labels: search wide pictures in squares too, as the cluster does.")
    ] = True,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Of ONNX Runtime.")] = 2,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare each variant with ONNX Runtime in float32 on a folder of pictures, or score each on your labels."""
    from engines.cli.benchmark import compared  # noqa: PLC0415
    from engines.cli.calibration import pictures_in  # noqa: PLC0415

    if labels is not None:
        _print_scores(model, folder, labels, backend, precision, tiles, threads, models_dir, as_json=as_json)
        return
    with one_line_errors():
        catalog = Catalog(models_dir)
        (reference, _), *candidates = _engines(catalog, model, backend, precision, threads)
        pixels = _pixels(size, "--size")
        pictures = pictures_in(folder, most=most)
        found = compared(catalog.manifest(model), reference, candidates, pictures, iou=iou, largest=pixels)
    if as_json:
        _print_json({"model": model, "iou": iou, "results": [one.as_json() for one in found]})
        return
    columns = "runs on", "found of", "kept", "extra", "renamed", "score shift (p95)", "lost, best", "cosine, least"
    table = Table(*columns, title=f"{model} against float32")
    for one in found:
        tally = one.tally.as_json()
        table.add_row(
            escape(f"{one.running.backend} {one.running.precision}, {one.running.device}"),
            f"{tally['matched']} of {tally['reference']}",
            f"{tally['kept']:.1%}",
            str(tally["extra"]),
            str(tally["renamed"]),
            f"{tally['score_shift_mean']:+.3f} ({tally['score_shift_p95']:.3f})",
            f"{tally['lost_score_max']:.2f}",
            f"{min(min(values) for values in one.cosines.values()):.4f}",
        )
    out.print(table)


def _print_scores(
    model: str,
    folder: Path,
    labels: Path,
    backends: Sequence[Backend] | None,
    precisions: Sequence[Precision] | None,
    tiles: bool,
    threads: int,
    models_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    from engines.accuracy.labels import read  # noqa: PLC0415
    from engines.cli.labelled import scored, table  # noqa: PLC0415

    with one_line_errors():
        catalog = Catalog(models_dir)
        engines = _engines(catalog, model, backends, precisions, threads)
        found = scored(catalog.manifest(model), engines, folder, read(labels), tiles=tiles)
    if as_json:
        results = [
            {"backend": running.backend, "precision": running.precision, "device": running.device} | tally.as_json()
            for running, tally in found
        ]
        _print_json({"model": model, "tiles": tiles, "results": results})
        return
    for running, tally in found:
        out.print(table(f"{model}, {running.backend} {running.precision}, {running.device}", tally))


def _engines(
    catalog: Catalog,
    model: str,
    backends: Sequence[Backend] | None,
    precisions: Sequence[Precision] | None,
    threads: int,
) -> "list[tuple[Engine, Running]]":
    """Load the baseline, then each variant. A backend named by the user that cannot run is an error."""
    from engines.cli.variants import Variant, Variants  # noqa: PLC0415
    from engines.runtimes.selection import FALLS_BACK  # noqa: PLC0415

    if backends and Backend.AUTO in backends:
        raise typer.BadParameter("name ort or trt: a measurement says what it measured", param_hint="--backend")
    variants = Variants(catalog, model)
    baseline = Variant(Backend.ORT, Precision.FP32)
    engines = [variants.engine(baseline, threads=threads)]
    for backend in dict.fromkeys(backends or [Backend.ORT, Backend.TRT]):
        for precision in dict.fromkeys(precisions or [Precision.FP32, Precision.FP16]):
            variant = Variant(backend, precision)
            if variant == baseline:
                continue
            try:
                engines.append(variants.engine(variant, threads=threads))
            except FALLS_BACK as error:
                if backends:
                    raise
                err.print(f"[yellow]not run:[/] {variant}: {escape(str(error))}", soft_wrap=True, highlight=False)
    return engines


def _target(
    model: str, flavour: Flavour | None, sm: int | None, versions: "dict[Flavour, str]"
) -> "tuple[Flavour, Gpu | None, int]":
    """Choose TensorRT, device and compute capability of a build. Raises ExtraMissing, NoGpu, BuildFailed."""
    from engines.runtimes.gpu import probe  # noqa: PLC0415

    gpu, why = None, ""
    try:
        gpu = probe()
    except NoGpu as error:
        if flavour is Flavour.TENSORRT:
            raise
        why = error.reason
    if flavour is None:
        flavour = Flavour.TENSORRT if gpu is not None and Flavour.TENSORRT in versions else Flavour.RTX
    if flavour not in versions:
        raise ExtraMissing(flavour.value.replace("-", "_"), flavour.value)
    if sm is None and gpu is None:
        raise BuildFailed(model, f"no device here to build for ({why})", "name a compute capability, as --sm 75")
    capability = sm if sm is not None else gpu.sm if gpu is not None else 0
    if flavour is Flavour.TENSORRT and gpu is not None and capability != gpu.sm:
        remedy = "build there, or use tensorrt-rtx"
        raise BuildFailed(model, f"{gpu.name} cannot build for SM{capability}", remedy)
    return flavour, gpu, capability


def _profile(variants: "Variants", batch: str, size: str) -> "Profile":
    from pydantic import ValidationError  # noqa: PLC0415

    from engines.runtimes.trt_plans import Profile  # noqa: PLC0415

    try:
        spans: dict[str, Any] = {"batch": tuple(int(one) for one in batch.split(","))}
    except ValueError as error:
        raise typer.BadParameter("three numbers, as 1,8,32", param_hint="--batch") from error
    entry = variants.manifest.input
    if entry is not None and (entry.width is None or entry.pixels is not None):
        sizes = [_pixels(one, "--size") for one in size.split(",")]
        step = entry.multiple_of
        if any(side % step for one in sizes for side in one):
            raise typer.BadParameter(f"{variants.name} takes multiples of {step} pixels", param_hint="--size")
        spans |= {"width": tuple(one[0] for one in sizes), "height": tuple(one[1] for one in sizes)}
    try:
        return Profile.model_validate(spans)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise typer.BadParameter(f"{first['msg']}", param_hint="--batch, --size") from error


def _pixels(text: str, option: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise typer.BadParameter(f"{text!r} is no WIDTHxHEIGHT, as 1280x736", param_hint=option)
    pixels = int(width[:6]), int(height[:6])
    if not all(16 <= side <= 16_384 for side in pixels):
        raise typer.BadParameter(f"{text}: sides of 16 to 16384 pixels", param_hint=option)
    return pixels


def _print_report(report: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(report)
    else:
        out.print(line, soft_wrap=True, highlight=False, markup=False)


def _print_json(report: dict[str, Any]) -> None:
    out.print_json(json.dumps(report))
