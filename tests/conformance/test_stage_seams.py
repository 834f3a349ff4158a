"""The seams between intake and its stages: a call in the same process and one over a Serve handle are alike.

Both meet the same answers, and the same errors: the cluster's own as themselves, every other as a fault that the
message may have caused, and an end of the stage in the middle as its absence.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ray_cluster.errors import Unavailable
from ray_cluster.intake.in_process import (
    ArchiverInProcess,
    CanaryInProcess,
    EmbedderInProcess,
    ParserInProcess,
    answer_in_process,
)
from ray_cluster.intake.stages import Stages
from tests.support.seam_stage import SEAMS, SeamStage, outcomes
from tests.support.waiting import LONG_S

ROOT = Path(__file__).parents[2]
ERRORS = {
    "cluster-error": "ArchiveFull",
    "other-cluster-error": "Fenced",
    "fault": "StageFault",
    "memory": "StageFault",
    "timeout": "StageFault",
    "ended": "Unavailable",
}


def in_process(_folder: Path) -> dict[str, str]:
    stage = SeamStage()
    return asyncio.run(
        outcomes(
            Stages(ParserInProcess(stage), CanaryInProcess(stage), EmbedderInProcess(stage), ArchiverInProcess(stage))
        )
    )


def over_handles(folder: Path) -> dict[str, str]:
    """In a process of its own, since Ray is started in it once."""
    command = [sys.executable, "-m", "tests.support.seam_stage", str(folder / "found.json")]
    switches = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | switches, capture_output=True, text=True, timeout=LONG_S, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, str] = json.loads((folder / "found.json").read_text())
    return found


@pytest.mark.parametrize("form", [in_process, pytest.param(over_handles, marks=[pytest.mark.ray, pytest.mark.losses])])
def test_every_seam_gives_the_same_answers_and_the_same_errors(
    tmp_path: Path, form: Callable[[Path], dict[str, str]]
) -> None:
    found = form(tmp_path)
    direct = asyncio.run(outcomes(Stages(*[SeamStage()] * 4)))
    expected = {f"{seam}: {act}": error for seam in SEAMS for act, error in ERRORS.items()}
    assert found == expected | {f"{seam}: answer": direct[f"{seam}: answer"] for seam in SEAMS}


def test_a_caller_that_is_cancelled_is_told_so_and_not_that_the_stage_is_away() -> None:
    async def story() -> None:
        calling = asyncio.create_task(answer_in_process(asyncio.Event().wait()))
        await asyncio.sleep(0)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(answer_in_process(ended))
        await asyncio.sleep(0)
        ended.cancel()
        with pytest.raises(Unavailable):
            await waiting

    asyncio.run(story())
