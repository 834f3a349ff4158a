"""One good export for all tests that only read it, and a centre that exports."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from center.audit import Audit
from center.evidence.exports import Exports, Keeping
from center.evidence.ledger import Ledger
from center.evidence.serials import Serials
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.evidence.desk import Desk, export, open_desk

KEEP_MS = 3_600_000


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="session")
def good(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of three pictures. Nobody may change the file."""
    path = tmp_path_factory.mktemp("good") / "evidence.zip"
    export(desk.sealer, path)
    return path


@dataclass
class Clerk:
    """Somebody at a centre that exports."""

    world: World
    desk: Desk
    exports: Exports
    browser: httpx.AsyncClient
    folder: Path


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


def exports_of(world: World, desk: Desk, folder: Path) -> Exports:
    """As `center.evidence.setup` wires it; again for a centre that was started again."""

    def camera_name(_agent_id: str, camera_id: str) -> str:
        return f"name of {camera_id} <script>"

    return Exports(
        store=world.store,
        search=world.services.search,
        ledger=Ledger(world.store, Audit(world.store, world.clock), world.clock),
        sealer=desk.sealer,
        roots=desk.roots,
        keeping=Keeping(folder, 25, KEEP_MS),
        camera_name=camera_name,
        now_ms=world.clock,
    )
