"""`wayside-cluster plan`: for people, for programs, and its refusals."""

import json
from pathlib import Path

from typer.testing import CliRunner

from ray_cluster.__main__ import app


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["plan", *arguments])
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def test_the_answer_comes_first_with_the_arithmetic_and_the_sources_after_it() -> None:
    code, text, _ = invoke("--cameras", "30")
    assert code == 0
    assert text.index("cores of all edge boxes") < text.index("20,000,000 snapshot/day ÷ 86,400 s/day")
    assert text.index("20,000,000 snapshot/day ÷ 86,400 s/day") < text.index("docs/figures/redaction.md, 2026-11-29")
    assert "not measured on a GPU; give --parser-per-gpu" in text
    assert "mind: GPUs: not measured on a GPU" in text


def test_programs_get_every_line_and_every_source() -> None:
    code, text, _ = invoke("--json", "--retention", "60", "--parser-per-gpu", "150", "--set", "copies=1")
    plan = json.loads(text)
    assert code == 0
    lines = {line["name"]: line for line in plan["lines"]}
    assert lines["days_kept"]["result"] == 61
    assert lines["mean_rate"]["unit"] == "snapshot/s"
    assert plan["answers"]["gpus"] == lines["gpus"]["result"] > 0
    inputs = {figure["name"]: figure for figure in plan["inputs"]}
    assert (inputs["copies"]["value"], inputs["copies"]["origin"]) == (1, "given")
    assert inputs["parser_per_gpu"]["source"] == "--parser-per-gpu"


def test_a_file_of_figures_is_taken_and_a_command_line_wins(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("redaction_ms = 100\ncopies = 3\n")
    _, text, _ = invoke("--json", "--figures", str(file), "--set", "copies=2")
    inputs = {figure["name"]: figure for figure in json.loads(text)["inputs"]}
    assert (inputs["redaction_ms"]["value"], inputs["redaction_ms"]["source"]) == (100, "mine.toml")
    assert inputs["copies"]["value"] == 2


def test_absurd_input_ends_with_two_and_a_remedy() -> None:
    for arguments, said in (
        (("--snapshots-per-day", "9000000000000"), "snapshots a day must be 0 to 10,000,000,000"),
        (("--cameras", "0", "--picture-sources", "0"), "give --cameras or --picture-sources"),
        (("--set", "cows=3"), "`wayside-cluster plan --list` names all"),
        (("--parser-per-gpu", "-1"), "check the unit"),
    ):
        code, _, text = invoke(*arguments)
        assert code == 2
        assert said in text


def test_the_figures_can_be_listed() -> None:
    code, text, _ = invoke("--list")
    assert code == 0
    assert "commit_ms" in text
    assert "seconds_per_day" not in text
