"""`python -m bench.evaluation`: build the set in memory and let `wayside-edge redact --evaluate` judge the recipe.

Further options go to that command: --json, --no-audit. `--build FOLDER` only builds; `--over-cover`
only tells what covers needlessly.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.evaluation import over_cover
from bench.evaluation.builder import Builder
from bench.evaluation.photographs import Photographs
from edge_agent.evaluation.labels import read
from engines.catalog.registries import RAM_DISK

LABELS = "labels.json"


def build(folder: Path) -> Path:
    """Build the set in `folder`; the label file."""
    labels = Builder(folder, Photographs()).build()
    file = folder / LABELS
    file.write_text(labels.model_dump_json(exclude_defaults=True), encoding="utf-8")
    return file


def _over_cover(folder: Path, labels: Path) -> int:
    for group, shares in over_cover.measure(folder, read(labels)).items():
        pictures = shares.pop("pictures")
        print(f"{group} ({pictures:.0f}):", ", ".join(f"{name} {share:.2%}" for name, share in shares.items()))
    return 0


def main() -> int:
    """The exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation", description=__doc__)
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="build the set there, and that is all")
    parser.add_argument("--over-cover", action="store_true", help="what covers needlessly, in %% of a picture")
    options, further = parser.parse_known_args()
    if options.build is not None:
        options.build.mkdir(parents=True, exist_ok=True)
        print(build(options.build))
        return 0
    ram = RAM_DISK if RAM_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="wayside-evaluation-", dir=ram) as folder:
        labels = build(Path(folder))
        if options.over_cover:
            return _over_cover(Path(folder), labels)
        command = [sys.executable, "-m", "edge_agent", "redact", folder, "--evaluate", str(labels), *further]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
