"""Type and colour against labels, retrieval, cost (docs/appearance.md).

Run it with `python -m bench.cluster.appearance [--json FILE]`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.cluster.appearance import attributes, cost, pictures, retrieval
from edge_agent.evaluation.metrics import Share
from engines.catalog.catalog import Catalog
from engines.catalog.fetch import fetch
from engines.embedding.embedder import Vectoriser


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.appearance", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--no-cost", action="store_true", help="leave out what depends on the machine")
    arguments = parser.parse_args()
    catalog = Catalog()
    for name in (cost.MODEL, attributes.MODEL, "bikes"):
        fetch(catalog, name)
    shown, machines = pictures.pictures(), pictures.machines()
    report: dict[str, Any] = {
        "type": attributes.types(shown, machines),
        "colour": attributes.colours(shown, machines),
        "retrieval": retrieval.measure(
            Vectoriser.load(catalog, cost.MODEL, threads=2), shown, machines, pictures.views()
        ),
    }
    if not arguments.no_cost:
        report["cost"] = {one.name: one.as_json() for one in cost.measure(Path())}
    table = Table("what", "figure", title="appearance")
    for name, value in _flat(report, ""):
        table.add_row(name, value)
    Console().print(table)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2, default=Share.as_json) + "\n", encoding="utf-8")


def _flat(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict) and "ratio" in value:
        return [(name, "{ours:.3g} {unit} beside {baseline:.3g}: {ratio:.2f}; {baseline_is}".format(**value))]
    if isinstance(value, dict) and set(value) == {"top 1", "top 5"}:
        return [(name, f"top 1 {value['top 1']}, top 5 {value['top 5']}")]
    if isinstance(value, dict):
        return [row for key, one in value.items() for row in _flat(one, f"{name} {key}".strip())]
    if isinstance(value, list):
        return [row for one in value for row in _flat(one, name)]
    return [(name, str(value))]


if __name__ == "__main__":
    main()
