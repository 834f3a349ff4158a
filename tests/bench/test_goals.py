"""One table of what the cluster promises, of what five programs wrote."""

from typing import Any

import pytest

from bench.cluster.goals import faults, figures, parts
from bench.part import Ran

SPREAD = {"p50_ms": 1.0, "p99_ms": 2.0}
HANDLES: dict[str, Any] = {
    "handles": {"default": {f"{kind} {at}": SPREAD for kind in ("handle", "actor") for at in (1, 64, 512)}}
}
PARSER: dict[str, Any] = {"parser": {"ours": 9.0, "baseline": 12.0, "ratio": 0.75}}
INTAKE: dict[str, Any] = {
    "intake": {
        "bare_per_s": 1000.0,
        "single": {"per_s": 180.0, "cpu_ms_a_message": 0.4},
        "spread": {"per_s": 40.0, "cpu_ms_a_message": 2.0, "p50_ms": 400.0, "p99_ms": 600.0},
        "composed": {"per_s": 80.0, "cpu_ms_a_message": 1.5, "p50_ms": 300.0, "p99_ms": 500.0},
    }
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
    "books": {"sent": 9, "distinct": 9, "doubled": 1},
    "losses": [{"what": "nothing", "silence_s": 0.1}, {"what": "parser", "silence_s": 2.0}],
}


@pytest.mark.parametrize(
    ("part", "report", "missed"),
    [
        ("handles", HANDLES, set()),
        ("parser", PARSER, {"parser's deployment, pictures/s"}),
        ("intake", INTAKE, {"broker to archive, messages/s; custody without Ray"}),
        ("archive", ARCHIVE, {"1,000 machines, rows a processor second by tenths"}),
        ("losses", LOSSES, {"lost / twice, of all that was sent"}),
    ],
)
def test_a_goal_that_is_missed_is_named_and_only_that(part: str, report: dict[str, Any], missed: set[str]) -> None:
    found = figures({part: report})
    assert found
    assert {line.what for line in found if line.kept is False} == missed
    assert all(line.ours for line in found)


def test_a_part_that_wrote_nothing_has_no_lines() -> None:
    assert figures({}) == []
    alone = figures({"losses": LOSSES})
    assert [line.what for line in alone] == ["killed: parser", "lost / twice, of all that was sent"]


def test_what_a_part_had_measured_before_it_failed_is_shown_beside_its_failure() -> None:
    cut_off = {key: found for key, found in ARCHIVE.items() if key != "reads_open"}
    without_books = {"losses": LOSSES["losses"]}
    lines = figures({"archive": cut_off, "losses": without_books, "intake": {"cores": 2}})
    assert [line.what for line in lines][-1] == "killed: parser"
    (fault,) = faults({"archive": Ran(cut_off, 480.0, "not within 8 min"), "handles": Ran(HANDLES, 60.0, "")})
    assert (fault.what, fault.ours, fault.verdict) == ("archive: the measurement", "not within 8 min", "missed")


def test_the_parts_together_are_bounded_by_half_an_hour() -> None:
    assert sum(part.limit_s for part in parts(1)) <= 30 * 60
