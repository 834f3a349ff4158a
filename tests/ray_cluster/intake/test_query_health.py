"""`/health` of a cluster in which messages make no way."""

import asyncio
from pathlib import Path

import pytest

from provisioning.contracts.query.archive import IntakeStatus, LostProof, ProofLoss, StuckStage
from ray_cluster.intake.progress import STUCK_S
from tests.ray_cluster.intake.test_isolation import Clock
from tests.ray_cluster.query.test_reader import INTAKE, Http
from tests.ray_cluster.street import FakeStages, at_work, good
from tests.ray_cluster.world import archiver, query
from tests.support.waiting import eventually


def test_http_health_is_not_ok_while_messages_make_no_way_and_ok_again_afterwards(tmp_path: Path) -> None:
    archiver(tmp_path)
    stuck = StuckStage(stage="parser", messages=8, seconds=40, cause="fault in a deployment: MemoryError()")
    answers = [INTAKE, INTAKE.model_copy(update={"stuck": (stuck,)}), INTAKE]

    async def ask_intake() -> IntakeStatus:
        return answers.pop(0)

    client = Http(query(tmp_path), ask_intake, token=None)
    got = [client.get("/health") for _ in range(3)]
    assert [answer.status_code for answer in got] == [200, 503, 200]
    assert got[1].json() == {
        "status": "no progress",
        "error": "stuck",
        "attention": ["8 messages make no way at the parser for 40 s, see /intake"],
    }


def test_http_health_counts_agents_that_lost_their_proof_and_names_none(tmp_path: Path) -> None:
    archiver(tmp_path)
    lost = LostProof(agent_id="street", cause=ProofLoss.MACHINES, at_ms=1)

    async def ask_intake() -> IntakeStatus:
        return INTAKE.model_copy(update={"lost_proofs": (lost,)})

    answer = Http(query(tmp_path), ask_intake, token=None).get("/health")
    assert answer.status_code == 200
    assert "1 agents lost their proof, see /intake" in answer.json()["attention"]


@pytest.mark.parametrize(("door", "stage"), [("eyes", "parser"), ("gate", "archiver")])
def test_http_health_names_a_stage_whose_call_waits_without_failing(tmp_path: Path, door: str, stage: str) -> None:
    """As a call does whose replica was killed, or never started: Serve lets it wait for the next one."""
    archiver(tmp_path)
    statuses: list[IntakeStatus] = []
    clock = Clock()

    async def story() -> None:
        stages = FakeStages()
        getattr(stages, door).clear()
        async with at_work(stages, now_s=clock) as running:
            running.deliver(good(1))
            await eventually(lambda: running.intake.status(running.broker, running.acks).at_work.get(stage) == 1)
            for seconds in (STUCK_S - 1, 1):
                clock.now_s += seconds
                statuses.append(running.intake.status(running.broker, running.acks))

    asyncio.run(story())

    async def ask_intake() -> IntakeStatus:
        return statuses.pop(0)

    client = Http(query(tmp_path), ask_intake, token=None)
    before, after = (client.get("/health") for _ in range(2))
    assert (before.status_code, after.status_code) == (200, 503)
    assert after.json()["attention"] == [f"1 messages make no way at the {stage} for 20 s, see /intake"]
