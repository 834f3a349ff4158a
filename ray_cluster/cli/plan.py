"""`wayside-cluster plan`: computes the edge cores, servers, GPUs and disks that a county needs, with the arithmetic."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ray_cluster.capacity.inputs import FIGURES, AbsurdInput, Figure, overridden, read
from ray_cluster.capacity.model import ANSWERS, Demand, Line, Plan
from ray_cluster.capacity.model import plan as answer

_BAD_INPUT: Final = 2
_WIDTH: Final = 150


def plan(
    cameras: Annotated[int, typer.Option(help="Streams that agents decode.")] = 30,
    picture_sources: Annotated[int, typer.Option(help="Devices that push pictures.")] = 470,
    snapshots_per_day: Annotated[int, typer.Option(help="Of all of them together.")] = 20_000_000,
    retention: Annotated[int, typer.Option(help="Days that are kept.")] = 30,
    parser_per_gpu: Annotated[
        float | None, typer.Option(help="Pictures a second through all networks of one GPU, as you measured it.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="TOML with figures of your own machines.", metavar="FILE")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="One figure; may be repeated.", metavar="NAME=VALUE")
    ] = None,
    is_list: Annotated[bool, typer.Option("--list", help="Name every figure with its source, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compute what a county needs: edge cores, servers, GPUs, disks, bandwidth. Uses no cluster and no configuration.

    Without options: for the reference county.
    """
    try:
        known = read(figures) if figures is not None else dict(FIGURES)
        known = overridden(known, settings or ())
        if parser_per_gpu is not None:
            known["parser_per_gpu"] = known["parser_per_gpu"].given(parser_per_gpu, "--parser-per-gpu")
        if is_list:
            _show(_inputs(known.values()))
            return
        answered = answer(Demand(cameras, picture_sources, snapshots_per_day, retention), known)
    except AbsurdInput as error:
        Console(stderr=True).print(f"wayside-cluster: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(_BAD_INPUT) from error
    if as_json:
        sys.stdout.write(json.dumps(as_object(answered), ensure_ascii=False) + "\n")
        return
    by_name = {line.name: line for line in answered.lines}
    _show(_table("answer", [by_name[name] for name in ANSWERS], shows_work=False))
    for part in dict.fromkeys(line.part for line in answered.lines):
        _show(_table(part, [line for line in answered.lines if line.part == part], shows_work=True))
    _show(_inputs(answered.inputs))
    for warning in answered.warnings:
        Console(width=_WIDTH, highlight=False).print(f"mind: {warning}", markup=False)


def as_object(answered: Plan) -> dict[str, Any]:
    """Convert a plan for programs: answers, every line with formula and numbers, every input with its source."""
    return {
        "answers": {name: answered.value(name) for name in ANSWERS},
        "lines": [
            {**asdict(line), "result": None if line.result is None else line.result.value, "unit": _unit(line)}
            for line in answered.lines
        ],
        "inputs": [asdict(figure) for figure in answered.inputs],
        "warnings": list(answered.warnings),
    }


def _unit(line: Line) -> str | None:
    return None if line.result is None else line.result.unit


def _table(title: str, lines: Iterable[Line], *, shows_work: bool) -> Table:
    table = Table(title=title, title_justify="left", width=_WIDTH, box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("what", ratio=2)
    if shows_work:
        table.add_column("how", ratio=5)
    table.add_column("comes to", ratio=2)
    for line in lines:
        result = _result(line)
        table.add_row(line.says, *([f"{line.formula}\n{line.numbers}".rstrip()] if shows_work else []), result)
    return table


def _result(line: Line) -> str:
    if line.result is None:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in line.missing)
        return f"not measured on a GPU; give {options}"
    return f"{line.result}{', rounded up' if line.whole else ''}"


def _inputs(figures: Iterable[Figure]) -> Table:
    columns = ("figure", "is", "value", "origin", "source")
    table = Table(*columns, title="inputs", title_justify="left", width=_WIDTH, box=SIMPLE_HEAD)
    for figure in figures:
        if figure.low == figure.high:
            continue  # a day has 86,400 s: the formulas show it
        value = str(figure.quantity or "none")
        table.add_row(figure.name, figure.says, value, figure.origin.value, escape(figure.source))
    return table


def _show(table: Table) -> None:
    Console(width=_WIDTH, highlight=False).print(table)
