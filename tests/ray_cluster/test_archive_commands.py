"""`wayside-cluster erase | hold | holds | release | backup | restore | verify` on a real archive."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ray_cluster.__main__ import app
from tests.ray_cluster.world import CONFIG, NOW_MS, archiver, entry

KEY = entry(2).row_key


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "cluster.toml").write_text(CONFIG)
    archiver(tmp_path / "archive").commit([entry(number) for number in range(4)], now_ms=NOW_MS)
    return tmp_path


def run(place: Path, *words: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--config", str(place / "cluster.toml"), "--json"])
    assert done.exit_code == code, done.output
    return dict(json.loads(done.stdout)) if code == 0 else {"error": done.output}


def test_an_erasure_is_said_and_said_again(place: Path) -> None:
    words = ("erase", KEY, "--reason", "court order 5")
    expected = {"row_key": KEY, "picture": True, "machines": 0, "holds": 0, "again": False}
    assert run(place, *words) == expected
    assert run(place, *words) == expected | {"again": True}
    assert run(place, "verify") == {"rows": 4, "pictures": 3, "erased": 1, "damaged": 0}
    assert "no such observation" in run(place, "erase", f"a:{'0' * 32}", "--reason", "x", code=2)["error"]


def test_a_hold_comes_and_goes(place: Path) -> None:
    words = ("hold", "theft", "--case", "A-17", "--until", "2036-01-01T00:00+08:00", "--row", KEY)
    placed = run(place, *words)
    assert placed == {"hold": "theft", "case": "A-17", "days": ["20261124"], "rows_copied": 1}
    assert run(place, *words) == placed
    span = ("--camera", "cam-1", "--from", "2026-11-24T00:00+08:00", "--to", "2026-11-25T00:00+08:00")
    assert run(place, "hold", "wide", *words[2:6], *span)["rows_copied"] == 4
    listed = CliRunner().invoke(app, ["holds", "--config", str(place / "cluster.toml")]).stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == ["theft", "wide"]
    assert run(place, "release", "theft") == {"hold": "theft", "released": True}
    assert run(place, "release", "theft") == {"hold": "theft", "released": False}
    assert "cameras and a span" in run(place, "hold", "x", *words[2:6], code=2)["error"]


def test_a_backup_is_verified_and_restored(place: Path) -> None:
    target = str(place / "backup")
    assert run(place, "backup", target)["days"] == 1
    assert run(place, "backup", target)["files"] == 0
    assert run(place, "verify", "--archive", target)["pictures"] == 4
    assert "not empty" in run(place, "restore", target, code=2)["error"]
    shutil.rmtree(place / "archive")
    assert run(place, "restore", target)["days"] == 1
    assert run(place, "verify") == {"rows": 4, "pictures": 4, "erased": 0, "damaged": 0}


def test_an_export_is_in_the_audit_before_its_rows_are_written(place: Path) -> None:
    span = ("--from", "2026-11-24T00:00+08:00", "--to", "2026-11-25T00:00+08:00")
    words = ("export", *span, "--case", "S-7", "--purpose", "counts of a study", "--out", str(place / "rows"))
    assert run(place, *words) == {"folder": str(place / "rows"), "observations": 4, "machines": 4}
    (log,) = (place / "archive" / "audit").iterdir()
    line = json.loads(log.read_text().splitlines()[-1])
    assert (line["event"], line["case"], line["purpose"], line["rows"]) == ("export", "S-7", "counts of a study", 4)
    assert "is there already" in run(place, *words, code=2)["error"]
    short = ("export", *span, "--case", "S-7", "--purpose", "", "--out", str(place / "more"))
    assert "purpose" in run(place, *short, code=2)["error"]
