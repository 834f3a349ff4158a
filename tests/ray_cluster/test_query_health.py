"""`/health` of a cluster in which messages make no way."""

from pathlib import Path

from provisioning.contracts.archive import IntakeStatus, StuckStage
from tests.ray_cluster.test_query import INTAKE, Http
from tests.ray_cluster.world import archiver, query


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
