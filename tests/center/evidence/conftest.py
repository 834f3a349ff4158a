"""One good export for all tests that only read it, and a centre that exports."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from center.evidence.export_store import Serials
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.evidence.clerk import Clerk, exports_of
from tests.center.evidence.desk import Desk, export, open_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="session")
def good(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of three pictures. Nobody may change the file."""
    path = tmp_path_factory.mktemp("good") / "evidence.zip"
    export(desk.sealer, path)
    return path


@pytest.fixture
async def clerk(world: World, tmp_path: Path) -> AsyncIterator[Clerk]:
    desk = open_desk(tmp_path / "keys", serials=Serials(world.store), now_ms=world.clock)
    folder = tmp_path / "evidence"
    exports = exports_of(world, desk, folder)
    exports.recover()
    world.services = replace(world.services, evidence=exports)
    world.make_account()
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
        assert answer.status_code == 200
        yield Clerk(world, desk, exports, browser, folder)
    await exports.close()
