"""`wayside-edge jobs`: how each job stands, for a person and for a program, beside a running agent."""

import json
from pathlib import Path

import pytest

from edge_agent.remote_config.job_rules import Job
from edge_agent.remote_config.upload_commands import CommandState
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.fleet.commands import JobPhase, JobState, LiveWork, SpanWork
from tests.edge_agent.jobs.jobbing import BEGAN_MS, SPAN
from tests.edge_agent.spool.test_cli import invoke, site
from tests.edge_agent.world import EPOCH_MS

HALF = JobState(
    camera_id="gate",
    work=SpanWork.model_validate(SPAN),
    phase=JobPhase.RUNNING,
    ordered_at_ms=EPOCH_MS,
    begun_at_ms=EPOCH_MS + 1,
    reached_ms=BEGAN_MS + 10_000,
    selected=12,
    spooled=9,
    dropped={"second_look": 1},
)
FAILED = JobState(
    camera_id="yard",
    work=LiveWork(until_ms=EPOCH_MS + 1000, max_per_second=5),
    phase=JobPhase.FAILED,
    ordered_at_ms=EPOCH_MS - 1,
    ended_at_ms=EPOCH_MS,
    reason=causes.CAMERA_GONE(camera="yard"),
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = site(tmp_path)
    (tmp_path / "spool").mkdir()
    kept = CommandState(jobs={"b": Job(state=HALF), "a": Job(state=FAILED)})
    (tmp_path / "spool" / "tasks.json").write_text(kept.model_dump_json())
    return path


def test_a_program_gets_the_states_in_the_order_in_which_they_were_ordered(config: Path) -> None:
    code, out, _ = invoke("jobs", "--config", config, "--json")
    assert code == 0
    assert list(json.loads(out)) == ["a", "b"]
    assert JobState.model_validate(json.loads(out)["b"]) == HALF


@pytest.mark.parametrize(("language", "remedy"), [("en", "order it at the agent"), ("zh", "向现在配置了该摄像机")])
def test_a_person_reads_part_pictures_and_cause(
    config: Path, monkeypatch: pytest.MonkeyPatch, language: str, remedy: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setenv("COLUMNS", "400")
    code, out, _ = invoke("jobs", "--config", config)
    assert code == 0
    for word in ("2 jobs", "50%", "9 of 12", "second_look 1", "failed", remedy):
        assert word in out


def test_an_agent_without_jobs_has_none(tmp_path: Path) -> None:
    assert invoke("jobs", "--config", site(tmp_path), "--json")[:2] == (0, "{}\n")
