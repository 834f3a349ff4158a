"""How a soak ends: a table of its figures, the report, each broken promise in a line, and the exit code."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def pronounce(
    console: Console,
    title: str,
    figures: Mapping[str, object],
    faults: Sequence[str],
    *,
    kept: str,
    report: Mapping[str, Any],
    file: Path | None,
) -> int:
    """Print, write `report` to `file` if there is one; 1 if a promise is broken. `kept`: what to say if none is."""
    table = Table("what", "figure", title=title)
    for name, figure in figures.items():
        table.add_row(name, str(figure))
    console.print(table)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for fault in faults:
        console.print(f"[red]broken[/red] {fault}", highlight=False)
    if not faults:
        console.print(f"[green]kept[/green] {kept}")
    return 1 if faults else 0
