"""What the centre takes out for an export, from the archive itself: its rows, its holds, its erasures."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from center.access.permissions import EVERYWHERE
from center.audit.log import Audit
from center.evidence import custody
from center.evidence.manifest import LeftOut
from center.evidence.source import Found, erased, fetch
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.query.archive import IntakeStatus
from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive.hold_store import Hold
from ray_cluster.errors import Unavailable
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from ray_cluster.query.routes import create_app
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import NOW_MS, OFFSET_MINUTES, archiver, entry, lookalike, query
from tests.support.fresh_store import fresh_store

TOKEN = "token-of-the-archive"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def no_intake() -> IntakeStatus:
    raise Unavailable("nobody is asked here")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    directory = tmp_path / "archive"
    archiver(directory).commit([entry(1), entry(2), entry(3, picture=PictureState.WITHHELD)], now_ms=NOW_MS)
    return directory


@pytest.fixture
async def search(place: Path, tmp_path: Path) -> AsyncIterator[Search]:
    app = create_app(query(place), FakeStages(), lookalike(place), token=TOKEN, ask_intake=no_intake)
    store = fresh_store(tmp_path / "center.sqlite3")
    audit = Audit(store, lambda: NOW_MS)
    devices = Devices(store, Roster(store, audit, None, lambda: NOW_MS), lambda: NOW_MS)
    client = Search(
        url="http://query.test",
        token=TOKEN,
        audit=audit,
        positions=CameraPositions(store, devices.statuses),
        transport=httpx.ASGITransport(app=app),
    )
    yield client
    await client.close()
    store.close()


async def test_a_picture_comes_as_it_is_archived_with_the_holds_that_name_it(place: Path, search: Search) -> None:
    key = entry(1).row_key
    hold = Hold(name="theft-17", case="A-2026-17", placed_at_ms=NOW_MS, until_ms=NOW_MS + 86_400_000, row_keys=(key,))
    Holds(place, offset_minutes=OFFSET_MINUTES).place(hold)
    found = await fetch(search, key, EVERYWHERE)
    assert isinstance(found, Found)
    assert found.jpeg == entry(1).jpeg
    link = custody.links(found.item, folder="x", holds=found.holds)
    assert [(each["name"], each["case"]) for each in link["legal_holds"]] == [("theft-17", "A-2026-17")]
    assert link["commit"]["sequence"] == query(place).observation(key).snapshot.commit_seq
    other = await fetch(search, entry(2).row_key, EVERYWHERE)
    assert isinstance(other, Found)
    assert other.holds == ()


async def test_what_is_withheld_unknown_or_erased_is_said_by_name(place: Path, search: Search) -> None:
    keys = [entry(number).row_key for number in (1, 2)]
    withheld = entry(3, picture=PictureState.WITHHELD).row_key
    assert await fetch(search, withheld, EVERYWHERE) == LeftOut(row_key=withheld, reason="withheld")
    unknown = entry(9).row_key
    assert await fetch(search, unknown, EVERYWHERE) == LeftOut(row_key=unknown, reason="unknown")
    assert await erased(search, [*keys, unknown]) is None
    erase(place, keys[1], offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS + 7, reason="asked for")
    assert await erased(search, keys) == keys[1]
    assert await fetch(search, keys[1], EVERYWHERE) == LeftOut(
        row_key=keys[1], reason="erased", erased_at_ms=NOW_MS + 7
    )
