"""`wayside-cluster detectors`: lists the parsers' detectors, or replaces their assignment."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ray_cluster.cli.options import ConfigFile, ask_query, fail, loaded
from ray_cluster.errors import ClusterError, NotUp


def detectors(
    config: ConfigFile,
    use: Annotated[
        Path | None,
        typer.Option(help="Take this file of detectors: every detector in it is tried here first.", metavar="FILE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List the parsers' detectors with the pictures that each has seen. Exit code 1 if one of them does not work.

    With --use, on the head: replace the assignment. A running cluster adopts it within seconds and loses no picture.
    """
    settings = loaded(config)
    if use is None:
        try:
            answer = ask_query(settings, "/detectors")
        except NotUp as error:
            fail(str(error))
        _show(answer, as_json=as_json)
        return
    from engines.errors import EngineError  # noqa: PLC0415 - `--help` stays quick
    from ray_cluster.inference.detectors_file import replace  # noqa: PLC0415

    try:
        models = replace(settings, use)
    except (ClusterError, EngineError) as error:
        fail(f"{use}: not taken: {error}")
    if as_json:
        sys.stdout.write(json.dumps({"models": models}) + "\n")
    else:
        tried = ", ".join(f"{name} {sha256[:12]}" for name, sha256 in models.items())
        Console().print(f"{tried}: a running cluster takes them within seconds", markup=False, soft_wrap=True)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(answer) + "\n")
    parsers = answer.get("parsers")
    if parsers is None:
        fail(f"no answer from the parsers: {answer.get('detail', answer)}")
    faults = dict.fromkeys(fault for one in parsers for fault in one["faults"])
    if not as_json:
        table = Table("replica", "detector", "model", "pictures", "reused", "fell back", "in memory")
        for number, one in enumerate(parsers):
            for name in dict.fromkeys([*one["models"], *one["pictures"]]):
                counts = [str(one[key].get(name, 0)) for key in ("pictures", "reused", "fell_back")]
                is_held = "yes" if name in one["in_memory"] else "no"
                table.add_row(str(number), name, one["models"].get(name, "")[:12], *counts, is_held)
        Console().print(table)
        for fault in faults:
            Console(stderr=True).print(fault, style="red", markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
