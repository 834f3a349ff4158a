"""A centre in a fake world: clock, broker line and archive are a test's own; database and routes are the real ones."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from center.api import router
from center.assessment.assessment import Assessment
from center.audit import Audit
from center.auth import Auth
from center.broker import Mailbox
from center.devices import Devices
from center.feed import Feed
from center.guard import Guard
from center.health import Health
from center.roster import Roster
from center.search import Search
from center.services import Services
from center.store import Store
from provisioning.seal import SealKey
from tests.center.street import NOW_MS
from tests.center.world import TOKEN, FakeArchive, OpenLine

USERNAME = "operator"
PASSWORD = "seven wet umbrellas"
ORIGIN = "http://centre.test"


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class World:
    """One centre and all that is around it."""

    services: Services
    store: Store
    archive: FakeArchive
    line: OpenLine
    mailbox: Mailbox
    seal_key: SealKey
    clock: Clock
    code_file: Path

    def application(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.add_middleware(Guard, services=self.services)
        app.mount("/api", router.create())
        return app

    def browser(self, app: FastAPI | None = None, *, source: str = "192.0.2.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app or self.application(), client=(source, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    def make_account(self) -> None:
        self.services.auth.prepare_setup()
        self.services.auth.setup(
            code=self.code_file.read_text(encoding="ascii"), username=USERNAME, password=PASSWORD, source="192.0.2.1"
        )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "center.sqlite3")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def seal_key(tmp_path: Path) -> SealKey:
    """Provisioning's; the centre has its public half."""
    return SealKey.create(tmp_path / "seal.key")


@pytest.fixture
def roster(store: Store, clock: Clock, seal_key: SealKey) -> Roster:
    return Roster(store, Audit(store, clock), seal_key.seal, clock)


@pytest.fixture
async def world(tmp_path: Path, store: Store, clock: Clock, seal_key: SealKey, roster: Roster) -> AsyncIterator[World]:
    archive = FakeArchive()
    audit = Audit(store, clock)
    code_file = tmp_path / "setup-code"
    auth = Auth(
        store,
        audit,
        setup_code_file=code_file,
        session_hours=12,
        now_ms=clock,
        hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1),
    )
    search = Search(url="http://archive.test", token=TOKEN, audit=audit, transport=httpx.ASGITransport(app=archive.app))
    devices = Devices(store, roster, clock)
    feed = Feed()
    line = OpenLine()
    assessment = Assessment.over(store, audit, devices, clock)
    mailbox = Mailbox(roster=roster, devices=devices, recorder=assessment.recorder, feed=feed, ask_again=line.ask_again)
    line.start(mailbox)
    health = Health(
        store=store,
        search=search,
        link=line,
        mailbox=mailbox,
        roster=roster,
        devices=devices,
        feed=feed,
        now_ms=clock,
    )
    services = Services(
        auth=auth,
        audit=audit,
        search=search,
        roster=roster,
        devices=devices,
        assessment=assessment,
        feed=feed,
        health=health,
        now_ms=clock,
        secure_cookie=False,
    )
    yield World(services, store, archive, line, mailbox, seal_key, clock, code_file)
    await search.close()


@pytest.fixture
async def user(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is logged in."""
    world.make_account()
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser
