"""What the centre's health says of a cluster that answers and takes nothing in."""

import httpx
import pytest
from fastapi import Response

from tests.center.conftest import World

pytestmark = pytest.mark.anyio


async def test_health_is_not_ok_while_the_clusters_intake_makes_no_way_and_ok_again_afterwards(
    world: World, user: httpx.AsyncClient
) -> None:
    said = b'{"status": "no progress", "error": "stuck", "attention": ["8 messages are stuck at the parser for 40 s"]}'
    world.archive.answer = lambda: Response(said, 503)
    details = (await user.get("/api/health/details")).json()
    query = next(part for part in details["dependencies"] if part["name"] == "query")
    assert (details["status"], query["condition"], query["code"]) == ("degraded", "degraded", "intake_stuck")
    assert "8 messages are stuck at the parser for 40 s" in query["cause"]
    world.archive.answer = None
    world.clock.now_ms += 2000
    assert (await user.get("/api/health")).json()["status"] == "ok"
