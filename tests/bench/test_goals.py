"""One table of what the cluster promises, of what three programs wrote."""

from typing import Any

import pytest

from bench.goals import figures

SPREAD = {"p50_ms": 1.0, "p99_ms": 2.0}
CLUSTER: dict[str, Any] = {
    "handles": {"default": {f"{kind} {at}": SPREAD for kind in ("handle", "actor") for at in (1, 64, 512)}},
    "parser": {"ours": 9.0, "baseline": 10.0, "ratio": 0.9},
    "intake": {"ours_per_s": 100.0, "bare_per_s": 1000.0, "ratio": 0.1, "p50_ms": 300.0, "p99_ms": 500.0},
}
ARCHIVE: dict[str, Any] = {
    "rows": 1000,
    "rows_per_cpu_s_by_tenth": [2.0, 1.0],
    "flat": False,
    "upkeep_faults": [],
    "lowest_recall_while_open": 1.0,
    "reads_open": [{"what": "one observation, old", "cpu_ms": 5.0}, {"what": "newest 50", "cpu_ms": 50.0}],
}
LOSSES: dict[str, Any] = {
    "books": {"lost": 0, "doubled": 1},
    "losses": [{"what": "nothing", "silence_s": 0.1}, {"what": "parser", "silence_s": 2.0}],
}


@pytest.mark.parametrize(
    ("part", "report", "missed"),
    [
        ("cluster", CLUSTER, {"broker to archive, messages/s"}),
        ("archive", ARCHIVE, {"1,000 machines, rows a processor second by tenths"}),
        ("cluster_loss", LOSSES, {"lost / twice, of all that was sent"}),
    ],
)
def test_a_goal_that_is_missed_is_named_and_only_that(part: str, report: dict[str, Any], missed: set[str]) -> None:
    found = figures({part: report})
    assert {line.what for line in found if line.kept is False} == missed
    assert all(line.ours for line in found)


def test_a_part_that_wrote_nothing_has_no_lines() -> None:
    assert figures({}) == []
    alone = figures({"cluster_loss": LOSSES})
    assert [line.what for line in alone] == ["killed: parser", "lost / twice, of all that was sent"]
