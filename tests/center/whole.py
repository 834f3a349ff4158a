"""The whole centre as `center.app.build` wires it, its broker line and archive a test's own, and people who ask it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from nicegui import core
from starlette.types import ASGIApp

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from center.app import build
from center.assessment.districts import AssessedDistrict
from center.bootstrap import records_of
from center.database.location import DATABASE
from center.errors import NotLoggedInError
from center.services import Services
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import SourceKind
from provisioning.signing.documents import SealKey
from tests.center.conftest import Clock
from tests.center.evidence.desk import open_desk
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import OpenLine, camera_status, heartbeat, observed, quick_passwords, tasks_config
from tests.support import notify_world
from tests.support.fresh_store import fresh_store
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

OTHER: Final = "cabinet-9"
PLACE: Final = f"{AGENT}/cam-1"
WHOLE: Final = [[0, 0], [1, 0], [1, 1], [0, 1]]
ADMINISTRATOR, TECHNICIAN, NOBODY, SPARE = "operator", "tom", "nora", "spare"
PASSWORD: Final = "seven wet umbrellas"
DISTRICT: Final = "north"
DASHBOARD: Final = "http://ray.test:8265"
_LIMITS: Final = (
    "center.search.client.TIMEOUT_S",
    "center.search.client.CONNECT_TIMEOUT_S",
    "center.search.storage.WAIT_S",
    "center.pipeline.cluster_client.TIMEOUT_S",
    "center.wall.service.WAIT_S",
)
"""Within these the archive answers a centre. It is of the same process: where that stands still, both do."""


@dataclass(frozen=True)
class Whole:
    """One centre that serves."""

    services: Services
    application: FastAPI
    url: str
    archive: FakeArchive
    line: OpenLine
    clock: Clock
    exports: list[str] = field(default_factory=list)
    _sessions: dict[str, str] = field(default_factory=dict)

    def cookie(self, username: str) -> dict[str, str]:
        """Headers of somebody who is logged in."""
        auth = self.services.auth
        try:
            auth.identify(self._sessions.get(username))
        except NotLoggedInError:
            if username in self._sessions:
                self.clock.now_ms += 301_000  # whoever has tried wrong passwords meanwhile has to wait
            ticket = auth.login(username=username, password=PASSWORD, source="192.0.2.1")
            self._sessions[username] = ticket.token
        return {"Cookie": f"wayside_session={self._sessions[username]}"}

    def browser(self, username: str) -> httpx.Client:
        """Somebody who is logged in."""
        return httpx.Client(base_url=self.url, headers=self.cookie(username), timeout=LONG_S)

    @property
    def row_keys(self) -> list[str]:
        """Of all that the archive holds."""
        return [row.snapshot.row_key for row in self.archive.rows]

    def archived(self, row: Observation, jpeg: bytes) -> None:
        """Commit a row and say so on the line."""
        self.archive.add(row, jpeg)
        assert self.line.receiver is not None
        self.line.receiver.deliver(topics.observed(row.snapshot.agent_id), codec.encode(observed(row)))


@contextmanager
def whole_centre(folder: Path) -> Iterator[Whole]:
    """Built and filled: two agents, four cameras, an archive, accounts, a district, what the assessment goes by."""
    clock, archive, line = Clock(), FakeArchive(), OpenLine()
    with pytest.MonkeyPatch.context() as patient, served(archive.app) as query_url:
        for limit in _LIMITS:
            patient.setattr(limit, LONG_S)
        config = configured(folder, query_url)
        config.data_dir.mkdir(mode=0o700)
        records = records_of(
            fresh_store(config.data_dir / DATABASE),
            data_dir=config.data_dir,
            audit_key=None,
            audit_keep_days=config.audit_keep_days,
            session_hours=config.session_hours,
            passwords=quick_passwords(),
            clock=clock,
        )
        center = build(config, link=line, clock=clock, records=records)
        services = center.services
        code_file = services.auth.prepare_setup()
        assert code_file is not None
        code = code_file.read_text(encoding="ascii")
        services.auth.setup(code=code, username=ADMINISTRATOR, password=PASSWORD, source="192.0.2.1")
        _fill(services, archive)
        try:
            application = center.application()
            with served(application) as url:
                whole = Whole(services, application, url, archive, line, clock)
                _raise_alarm(whole)
                yield whole
        finally:
            # NiceGUI's application is the process's: one that has served a page takes no middleware, and the next
            # test of this process could not build its own.
            core.app.middleware_stack = None


def configured(folder: Path, query_url: str) -> CenterConfig:
    desk = open_desk(folder / "desk")
    return CenterConfig(
        broker=Broker(
            host="127.0.0.1",
            ca_file=folder / "ca.pem",
            cert_file=folder / "center.pem",
            key_file=folder / "center.key",
        ),
        query_url=query_url,
        query_token_file=notify_world.secret(folder, "query-token", TOKEN),
        data_dir=folder / "data",
        ray_dashboard_url=DASHBOARD,
        evidence=desk.settings,
        tasks=tasks_config(folder, SealKey.create(folder / "seal.key")),
        notify=Notify(webhooks=(notify_world.webhook(folder, f"{query_url}/hook"),)),
    )


def _fill(services: Services, archive: FakeArchive) -> None:
    for agent_id in (AGENT, OTHER):
        for camera in ("cam-1", "cam-2"):
            services.devices.changed(camera_status(camera).model_copy(update={"agent_id": agent_id}))
        services.devices.heard(heartbeat().model_copy(update={"agent_id": agent_id}))
    archive.fill(8)
    services.districts.create(DISTRICT, "North", actor=ADMINISTRATOR)
    services.districts.set_cameras(DISTRICT, [CameraKey(AGENT, "cam-1")], actor=ADMINISTRATOR)
    services.users.add(TECHNICIAN, PASSWORD, [GrantRequest(Role.TECHNICIAN, DISTRICT)], actor=ADMINISTRATOR)
    for nobody in (NOBODY, SPARE):
        services.users.add(nobody, PASSWORD, [], actor=ADMINISTRATOR)
    services.assessment.districts.put(AssessedDistrict(name="Road", region="", outline=()), actor=ADMINISTRATOR)


def enforced(browser: httpx.Client, *places: str) -> int:
    """A rule over these cameras, previewed and in force."""
    what = {"kind": "zone_entry", "polygon": WHOLE}
    made = browser.post("/api/rules", json={"name": "a machine", "what": what, "cameras": places}).raise_for_status()
    number = int(made.json()["id"])
    browser.post(f"/api/rules/{number}/versions/1/preview").raise_for_status()
    browser.post(f"/api/rules/{number}/on", json={"version": 1}).raise_for_status()
    return number


def _raise_alarm(whole: Whole) -> None:
    """Rule 1 in force, and alarm 1 of `cam-1`."""
    with whole.browser(ADMINISTRATOR) as browser:
        enforced(browser, PLACE)
        whole.archived(*observation("cam-1", NOW_MS - 5_000, 99))
        until(lambda: browser.get("/api/alarms").raise_for_status().json()["items"])
        asked = {"case": "J2026-117", "purpose": "a theft", "requester": "the desk", "row_keys": [whole.row_keys[0]]}
        whole.exports.append(browser.post("/api/evidence", json=asked).raise_for_status().json()["id"])


def ordered(browser: httpx.Client, services: Services, camera_id: str) -> str:
    """A job at a camera that has a recorder."""
    status = camera_status(camera_id).model_copy(update={"source": SourceKind.RTSP, "has_recorder": True})
    services.devices.changed(status)
    work = {"kind": "span", "started_at_ms": NOW_MS - 7_200_000, "ended_at_ms": NOW_MS - 3_600_000}
    body = {"cameras": [f"{AGENT}/{camera_id}"], "work": work, "purpose": "a stolen bicycle"}
    return str(browser.post("/api/jobs", json=body).raise_for_status().json()["items"][0]["id"])


@contextmanager
def served(application: ASGIApp) -> Iterator[str]:
    """Serve on loopback; gives its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "it did not start; its log says why"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=LONG_S)
