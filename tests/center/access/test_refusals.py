"""A refused permission stands in the audit: with its account, route and address, and once a minute."""

import json

import httpx
import pytest

from center.access.refusals import ACTION, EVERY_MS
from tests.center.conftest import PASSWORD, World

pytestmark = pytest.mark.anyio


async def test_a_refused_permission_is_audited_once_a_minute(world: World, user: httpx.AsyncClient) -> None:
    assert (await user.get("/api/users")).status_code == 200
    world.services.users.add("nora", PASSWORD, [], actor="test")
    async with world.browser(source="192.0.2.9") as nora:
        assert (await nora.get("/api/users")).status_code == 401
        assert (await nora.post("/api/login", json={"username": "nora", "password": PASSWORD})).status_code == 200
        for _ in range(3):
            assert (await nora.get("/api/users/ana")).status_code == 403
        assert (await nora.get("/api/audit")).status_code == 403
        world.clock.now_ms += EVERY_MS
        assert (await nora.get("/api/users")).status_code == 403
    refused = [entry for entry in reversed(world.services.audit.page(limit=100)) if entry.action == ACTION]
    assert [entry.actor for entry in refused] == ["nora"] * 3
    assert [json.loads(entry.detail)["permission"] for entry in refused] == ["user.view", "audit.view", "user.view"]
    first = {"permission": "user.view", "method": "GET", "path": "/api/users/{username}", "source": "192.0.2.9"}
    assert json.loads(refused[0].detail) == first
