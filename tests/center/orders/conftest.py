"""A centre that keeps maintenance orders: clock, broker line and archive are the test's, all else is real."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from center.access.permissions import EVERYWHERE, CameraKey, Role
from center.access.route_permissions import RoutePermissions
from center.access.users import GrantRequest
from center.alarms.rules.inputs import PartFault
from center.app import build
from center.bootstrap import records_of
from center.database.store import Store
from center.middleware import Guard
from center.notify.tables import OutboxRecord
from center.services import Services
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.config.processes import Broker, CenterConfig, Orders
from provisioning.contracts.wire.messages import CameraState
from tests.center.alarms.making import text
from tests.center.conftest import ORIGIN, PASSWORD, Clock
from tests.center.evidence.desk import Desk, open_desk
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.shared_api import api
from tests.center.street import AGENT
from tests.center.world import OpenLine, camera_status, heartbeat, quick_passwords
from tests.support import notify_world
from tests.support.steady import Following

NORTH: Final = "north"
BOSS, SUE, TOM, TINA = "boss", "sue", "tom", "tina"
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


@dataclass
class Shift:
    """One centre and its people; `restart` builds another over the same database."""

    config: CenterConfig
    store: Store
    clock: Clock
    clocks: Following
    desk: Desk
    archive: FakeArchive
    away: dict[str, PartFault] = field(default_factory=dict)
    services: Services = field(init=False)
    _app: FastAPI = field(init=False)
    _cookies: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        records = records_of(
            self.store,
            data_dir=self.config.data_dir,
            audit_key=None,
            audit_keep_days=180,
            session_hours=24 * 7,
            passwords=quick_passwords(),
            clock=self.clock,
            clocks=self.clocks,
        )
        transport = httpx.ASGITransport(app=self.archive.app)
        center = build(self.config, link=OpenLine(), clock=self.clock, transport=transport, records=records)
        self.services = center.services
        self.services.devices.link(up=True)
        self.services.devices.heard(heartbeat())
        self._app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self._app.mount("/api", api())
        self._app.add_middleware(Guard, services=self.services, permits=RoutePermissions.of(self._app.routes))

    async def ask(self, username: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Returns the answer of the API to an account."""
        if username not in self._cookies:
            self._cookies[username] = self.services.auth.login(
                username=username, password=PASSWORD, source="192.0.2.1"
            ).token
        headers = {"cookie": f"wayside_session={self._cookies[username]}", "origin": ORIGIN}
        transport = httpx.ASGITransport(app=self._app, client=("192.0.2.7", 40_000))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as browser:
            return await browser.request(method, f"/api/orders{path}", **more)

    async def told(self, username: str, method: str, path: str, **more: Any) -> Any:
        """The same, which must succeed."""
        answer = await self.ask(username, method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def step(self, username: str, kind: str, order: int = 1, **more: Any) -> httpx.Response:
        """A step of a telephone."""
        body = {"step_id": str(uuid4()), "kind": kind, "told_at": self.clock.now_ms, **more}
        return await self.ask(username, "POST", f"/{order}/steps", json=body)

    async def enforce(self, what: Mapping[str, Any], name: str = "fault") -> int:
        """A rule in force."""
        rules = self.services.alarms.rules
        view = rules.create(text(dict(what), name=name), actor=BOSS, sight=EVERYWHERE)
        await self.services.alarms.previews.run(view.id, 1, actor=BOSS, sight=EVERYWHERE)
        rules.switch_on(view.id, version=1, actor=BOSS, sight=EVERYWHERE, unseen=True)
        return view.id

    def falls_away(self, camera_id: str = "cam-1", *, cause: str = "no route to camera") -> None:
        status = camera_status(camera_id, state=CameraState.OFFLINE, cause=cause, name="Gate 大门")
        self.services.devices.changed(status.model_copy(update={"since_ms": self.clock.now_ms}))

    def comes_back(self, camera_id: str = "cam-1") -> None:
        self.services.devices.changed(camera_status(camera_id, name="Gate 大门"))

    async def turn(self) -> None:
        """One look at faults and one turn of the orders, now."""
        self.services.devices.heard(heartbeat())

        async def parts() -> Mapping[str, PartFault]:
            return self.away

        await self.services.alarms.tend(parts)
        self.services.orders.turn()

    async def pass_time(self, minutes: float, *, every_s: int = 30) -> None:
        """Let time pass, with looks and turns in it."""
        for _ in range(round(minutes * 60 / every_s)):
            self.clock.now_ms += every_s * 1000
            await self.turn()

    async def leap(self, minutes: float) -> None:
        """Let time pass at one stroke: nothing is looked at in between."""
        self.clock.now_ms += round(minutes * MINUTE_MS)
        await self.turn()

    def set_clock(self, by_ms: int) -> None:
        """Set the wall clock wrong, or right again: no time passes by it."""
        self.clock.now_ms += by_ms
        self.clocks.skew_ms += by_ms

    def sent(self) -> list[str]:
        """Lists the messages that were given to channels, oldest first, each with its channel."""
        with self.store.transaction() as session:
            records = session.scalars(select(OutboxRecord).order_by(OutboxRecord.id))
            return [f"{record.channel}: {record.message_id}" for record in records]


def open_shift(folder: Path, store: Store, clock: Clock) -> Shift:
    """A centre with two cameras in a district, and the people there."""
    desk = open_desk(folder / "desk")
    url = "https://hook.test/x"
    hooks = tuple(notify_world.webhook(folder, url, id=name, allow_loopback=False) for name in ("crew", "chief"))
    config = CenterConfig(
        broker=Broker(host="127.0.0.1", ca_file=folder, cert_file=folder, key_file=folder),
        query_url="http://archive.test",
        query_token_file=notify_world.secret(folder, "query-token", TOKEN),
        data_dir=folder,
        evidence=desk.settings,
        notify=Notify(webhooks=hooks),
        orders=Orders(tell=("crew",), escalate=("chief",)),
    )
    found = Shift(config, store, clock, Following(clock), desk, FakeArchive())
    found.start()
    services = found.services
    services.districts.create(NORTH, "North", actor=BOSS)
    services.districts.set_cameras(NORTH, [CameraKey(AGENT, "cam-1"), CameraKey(AGENT, "cam-2")], actor=BOSS)
    for name, grant in (
        (BOSS, GrantRequest(Role.ADMINISTRATOR, None)),
        (SUE, GrantRequest(Role.SUPERVISOR, NORTH)),
        (TOM, GrantRequest(Role.TECHNICIAN, NORTH)),
        (TINA, GrantRequest(Role.TECHNICIAN, NORTH)),
    ):
        services.users.add(name, PASSWORD, [grant], actor=BOSS)
    for camera in ("cam-1", "cam-2"):
        services.devices.changed(camera_status(camera, name="Gate 大门"))
    return found


@pytest.fixture
async def shift(tmp_path: Path, store: Store, clock: Clock) -> AsyncIterator[Shift]:
    found = open_shift(tmp_path, store, clock)
    yield found
    await found.services.search.close()
