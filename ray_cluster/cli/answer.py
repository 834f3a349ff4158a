"""Prints the result of a command, as a table or as JSON."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def show(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print facts as a table of one row, or as one JSON object."""
    if as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    table = Table(*facts)
    table.add_row(*(", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in facts.values()))
    Console().print(table)
