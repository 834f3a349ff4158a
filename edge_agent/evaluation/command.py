"""Runs `wayside-edge redact --evaluate`. Returns the exit code."""

import json
from collections.abc import Sequence
from pathlib import Path

from edge_agent.evaluation import evaluate as evaluation
from edge_agent.evaluation import labels
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.command import OUT, one_line, progress_bar


@one_line
def evaluate(
    folder: Path,
    label_file: Path,
    *,
    models_dir: Path | None,
    policy: Sequence[str],
    as_json: bool,
) -> int:
    """Redact labelled pictures in memory and count what is covered. Writes nothing."""
    labelled = labels.read(label_file)
    fresh = file_policy.load(models_dir, file_policy.read_policy(policy))
    with progress_bar(labelled.count) as step:
        figures = evaluation.evaluate(folder, labelled, fresh, step)
    if as_json:
        print(json.dumps(figures.as_json()))  # noqa: T201 - a program reads this
    else:
        figures.show(OUT)
    return 0
