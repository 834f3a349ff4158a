"""`python -m bench [--json FILE]`: run every comparison of the edge and the engines, print a table.

`python -m bench cluster [--json FILE]`: the cluster's, which take half an hour (`bench.cluster.goals`).
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.cluster import goals, reuse
from bench.cluster.appearance import cost
from bench.edge import custody, gb28181, picture_checks, precisions, redaction, steps, streams, tracker


def main() -> None:
    """Measure, print, and with `--json` write."""
    if sys.argv[1:2] == ["cluster"]:
        sys.exit(goals.main(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--scratch", type=Path, help="measure custody on this disk (default: the temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-bench-", dir=arguments.scratch) as folder:
        parts = (
            custody.measure,
            streams.measure,
            gb28181.measure,
            redaction.measure,
            steps.measure,
            picture_checks.measure,
            tracker.measure,
            cost.measure,
            reuse.measure,
            precisions.measure,
        )
        results = list(chain.from_iterable(measure(Path(folder)) for measure in parts))
    table = Table("what", "ours", "baseline", "ratio", "unit", "baseline is", title="medians of paired runs")
    for r in results:
        table.add_row(r.name, f"{r.ours:.2f}", f"{r.baseline:.2f}", f"{r.ratio:.2f}", r.unit, r.baseline_is)
    Console().print(table)
    if arguments.json:
        machine = {"machine": platform.machine(), "python": platform.python_version(), "cores": os.cpu_count()}
        report = {**machine, "results": [result.as_json() for result in results]}
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
