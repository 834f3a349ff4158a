"""`python -m bench.evaluation [FOLDER LABELS]`: judge the recipe as `redact --evaluate` does, and audit it.

Other face detectors search what would be published (`audit`); `--no-audit` leaves them out. Without FOLDER and LABELS
the set is built in memory. `--build FOLDER` only builds; `--over-cover` only tells what covers needlessly,
`--text` how many drawn lines of text a pushed picture loses. `machines` in their place is another set, for the detector
of machines: `bench.evaluation.machines`.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.evaluation import machines, over_cover, text
from bench.evaluation.audit import Audit
from bench.evaluation.builder import FULL_HD, Builder, backgrounds
from bench.evaluation.photographs import Photographs
from edge_agent.evaluation.evaluate import evaluate
from edge_agent.evaluation.labels import read
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.command import OUT, one_line, progress_bar
from engines.catalog.catalog import Catalog
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


def _text() -> int:
    for search, figures in text.measure(backgrounds(Photographs(), FULL_HD)).items():
        print(f"{search}:", ", ".join(f"{name} {value}" for name, value in figures.items()))
    return 0


@one_line
def _judge(folder: Path, labels: Path, options: argparse.Namespace) -> int:
    labelled = read(labels)
    fresh = file_policy.load(options.models, file_policy.read_policy(options.policy))
    audit = Audit(Catalog(options.models)) if options.audit else None
    with progress_bar(labelled.count) as step:
        figures = evaluate(folder, labelled, fresh, step, audit.witness if audit else None)
    if options.json:
        print(json.dumps(figures.as_json() | ({"audit": audit.as_json()} if audit else {})))
        return 0
    figures.show(OUT)
    if audit is not None:
        audit.show(OUT)
    return 0


def main() -> int:
    """The exit code of the command."""
    if sys.argv[1:2] == ["machines"]:
        return machines.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation", description=__doc__)
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="build the set there, and that is all")
    parser.add_argument("--over-cover", action="store_true", help="what covers needlessly, in %% of a picture")
    parser.add_argument(
        "--text", action="store_true", help="how many drawn lines of text are covered, and at what price"
    )
    parser.add_argument("--no-audit", dest="audit", action="store_false", help="leave the other detectors out")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--models", type=Path, help="where the models are")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="KEY=VALUE", help="cover more; may be repeated"
    )
    parser.add_argument("own", nargs="*", type=Path, metavar="FOLDER LABELS", help="your own pictures and their labels")
    options = parser.parse_args()
    if len(options.own) not in {0, 2}:
        parser.error("give a folder and its labels, or neither")
    if options.build is not None:
        options.build.mkdir(parents=True, exist_ok=True)
        print(build(options.build))
        return 0
    if options.text:
        return _text()
    if options.own:
        folder, labels = options.own
        return _over_cover(folder, labels) if options.over_cover else _judge(folder, labels, options)
    ram = RAM_DISK if RAM_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="wayside-evaluation-", dir=ram) as made:
        labels = build(Path(made))
        return _over_cover(Path(made), labels) if options.over_cover else _judge(Path(made), labels, options)


if __name__ == "__main__":
    sys.exit(main())
