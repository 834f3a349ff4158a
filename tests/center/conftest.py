"""A centre in a fake world: clock, broker line and archive are a test's own; database and routes are the real ones."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import URL

from center.access.route_permissions import RoutePermissions
from center.app import build
from center.audit.log import Audit
from center.bootstrap import SETUP_CODE, records_of
from center.database.store import Store
from center.fleet.mqtt import Mailbox
from center.fleet.roster import Roster
from center.metrics import MetricsInputs
from center.middleware import Guard
from center.retention import Retention
from center.services import Services
from provisioning.contracts.config.processes import Broker, Cases, CenterConfig
from provisioning.files import durable
from provisioning.signing.documents import SealKey
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.shared_api import api
from tests.center.street import NOW_MS
from tests.center.world import OpenLine, quick_passwords, tasks_config
from tests.support.fresh_store import fresh_store
from tests.support.pki import Pki, fresh_pki
from tests.support.postgres import Postgres, programs, running
from tests.support.steady import Following

USERNAME = "operator"
PASSWORD = "seven wet umbrellas"
ORIGIN = "http://centre.test"
DESK = "desk/stolen"
"""The desk agent and its camera for pictures of stolen machines."""


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
    retention: Retention
    clocks: Following
    archive: FakeArchive
    line: OpenLine
    mailbox: Mailbox
    seal_key: SealKey
    clock: Clock
    code_file: Path
    pki: Pki
    """The agents' authority: of the desk agent, for one."""
    metrics: MetricsInputs

    def set_clock(self, by_ms: int) -> None:
        """Set the wall clock wrong, or right again: no time passes by it."""
        self.clock.now_ms += by_ms
        self.clocks.skew_ms += by_ms

    def application(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.mount("/api", api())
        app.add_middleware(Guard, services=self.services, permits=RoutePermissions.of(app.routes))
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


BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)], indirect=True
)
"""Runs a test on each of the databases that a centre may have."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests of a worker."""
    bin_dir = programs()
    if bin_dir is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running(bin_dir) as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | URL]:
    """An empty one, SQLite where nothing else is asked for; for a `store` the copy of a migrated one."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield tmp_path / "center.sqlite3"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create(server.migrated) if "store" in request.fixturenames else server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(database: Path | URL) -> Iterator[Store]:
    store = fresh_store(database) if isinstance(database, Path) else Store(database)
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
async def world(tmp_path: Path, store: Store, clock: Clock, seal_key: SealKey) -> AsyncIterator[World]:
    archive, line, clocks = FakeArchive(), OpenLine(), Following(clock)
    pki = fresh_pki(tmp_path / "pki", now=datetime.fromtimestamp(NOW_MS / 1000, UTC) - timedelta(days=1))
    config = CenterConfig(
        broker=Broker(host="127.0.0.1", ca_file=tmp_path, cert_file=tmp_path, key_file=tmp_path),
        query_url="http://archive.test",
        query_token_file=durable.write(tmp_path / "query-token", TOKEN.encode()),
        data_dir=tmp_path,
        seal_key_file=tmp_path / "seal.pub",
        cases=Cases(desk=DESK, desk_ca_file=pki.identities.agents.ca_file),
        tasks=tasks_config(tmp_path, seal_key),
    )
    records = records_of(
        store,
        data_dir=tmp_path,
        audit_key=None,
        audit_keep_days=180,
        session_hours=12,
        passwords=quick_passwords(),
        clock=clock,
        clocks=clocks,
    )
    center = build(config, link=line, clock=clock, transport=httpx.ASGITransport(app=archive.app), records=records)
    line.start(center.mailbox)
    yield World(
        center.services,
        store,
        records.retention,
        clocks,
        archive,
        line,
        center.mailbox,
        seal_key,
        clock,
        tmp_path / SETUP_CODE,
        pki,
        center.metrics,
    )
    await center.services.search.close()


@pytest.fixture
async def user(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is logged in."""
    world.make_account()
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser
