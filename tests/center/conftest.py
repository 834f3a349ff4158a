"""A centre in a fake world: clock, broker line and archive are a test's own; database and routes are the real ones."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import URL

from center.alarms.room import AlarmRoom
from center.api import router
from center.assessment.assessment import Assessment
from center.audit import Audit
from center.broker import Mailbox
from center.cases.cases import Cases
from center.devices import Devices
from center.feed import Feed
from center.guard import Guard
from center.health import Health
from center.notify.notifier import Notifier
from center.passwords import Passwords
from center.permits import Permits
from center.pipeline.cluster import Cluster
from center.pipeline.gauges import Gauges
from center.pipeline.watch import Pipeline
from center.places import CameraPositions
from center.records import SETUP_CODE, records_of
from center.retention import Retention
from center.rollouts import Rollouts
from center.roster import Roster
from center.saved_searches import SavedSearches
from center.search import Search
from center.services import Services
from center.store import Store
from center.task_orders import TaskOrders
from provisioning.contracts.config import Alarms
from provisioning.contracts.config import Cases as CasesConfig
from provisioning.contracts.notify import Notify
from provisioning.contracts.pipeline import Pipeline as Limits
from provisioning.seal import SealKey
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import NOW_MS
from tests.center.world import OpenLine, tasks_config
from tests.support.pki import Pki
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

    def set_clock(self, by_ms: int) -> None:
        """Set the wall clock wrong, or right again: no time passes by it."""
        self.clock.now_ms += by_ms
        self.clocks.skew_ms += by_ms

    def application(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.mount("/api", router.create())
        app.add_middleware(Guard, services=self.services, permits=Permits.of(app.routes))
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
    """An empty one, SQLite where nothing else is asked for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield tmp_path / "center.sqlite3"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(database: Path | URL) -> Iterator[Store]:
    store = Store(database)
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
    records = records_of(
        store,
        data_dir=tmp_path,
        audit_key=None,
        audit_keep_days=180,
        session_hours=12,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)),
        clock=clock,
        clocks=(clocks := Following(clock)),
    )
    records.retention.advance()
    audit = records.audit
    devices = Devices(store, roster, clock)
    search = Search(
        url="http://archive.test",
        token=TOKEN,
        audit=audit,
        positions=(positions := CameraPositions(store, devices.statuses)),
        transport=httpx.ASGITransport(app=archive.app),
    )
    feed = Feed()
    line = OpenLine()
    alarms = AlarmRoom(store, audit, search, devices, roster, Alarms(), clock, retention=records.retention)
    alarms.load()
    pki = Pki(tmp_path / "pki", now=datetime.fromtimestamp(NOW_MS / 1000, UTC) - timedelta(days=1))
    config = CasesConfig(desk=DESK, desk_ca_file=pki.identities.agents.ca_file)
    cases = Cases(
        store,
        audit,
        search,
        positions,
        roster,
        config,
        clock,
        alarms=alarms,
        retention=records.retention,
        late_after_s=60,
    )
    assessment = Assessment.over(store, audit, devices, positions.on_file, clock)
    gauges = Gauges(clock)
    notifier = Notifier(Notify(), store, audit, data_dir=tmp_path, retention=records.retention, now_ms=clock)
    cluster = Cluster(url="http://archive.test", token=TOKEN, transport=httpx.ASGITransport(app=archive.app))
    pipeline = Pipeline(
        link=line,
        devices=devices,
        gauges=gauges,
        cluster=cluster,
        notifier=notifier,
        store=store,
        limits=Limits(),
        now_ms=clock,
    )
    mailbox = Mailbox(
        roster=roster,
        devices=devices,
        recorder=assessment.recorder,
        feed=feed,
        alarms=alarms,
        gauge=gauges,
        ask_again=line.ask_again,
        rollouts=(rollouts := Rollouts(seal_key.seal)),
    )
    line.start(mailbox)
    health = Health(
        store=store,
        search=search,
        link=line,
        mailbox=mailbox,
        roster=roster,
        devices=devices,
        feed=feed,
        audit_keeper=records.audit_keeper,
        notifier=notifier,
        recorder=assessment.recorder,
        loops=lambda: (records.audit_keeper.loop, assessment.recorder.loop, pipeline.loop, *cases.loops, *alarms.loops),
        retention=records.retention,
        now_ms=clock,
    )
    services = Services(
        auth=records.auth,
        second_factors=records.second_factors,
        users=records.users,
        tokens=records.tokens,
        districts=records.districts,
        audit=audit,
        audit_keeper=records.audit_keeper,
        search=search,
        saved_searches=SavedSearches(store, audit, clock),
        roster=roster,
        rollouts=rollouts,
        devices=devices,
        positions=positions,
        assessment=assessment,
        feed=feed,
        health=health,
        notifier=notifier,
        alarms=alarms,
        pipeline=pipeline,
        cases=cases,
        task_orders=TaskOrders(store, audit, devices, line.publish, clock, config=tasks_config(tmp_path, seal_key)),
        now_ms=clock,
        secure_cookie=False,
    )
    yield World(
        services, store, records.retention, clocks, archive, line, mailbox, seal_key, clock, tmp_path / SETUP_CODE, pki
    )
    await search.close()
    await cluster.close()


@pytest.fixture
async def user(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is logged in."""
    world.make_account()
    async with world.browser() as browser:
        answer = await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})
        assert answer.status_code == 200
        yield browser
