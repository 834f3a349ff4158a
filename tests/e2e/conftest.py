"""A real Chromium before a real centre; archive and broker are played by the test, everything on loopback."""

import base64
import json
import os
import re
import signal
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlencode

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from center.database.location import DATABASE
from provisioning.contracts.fleet.documents import RosterEntry
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Assessed, CameraStatus, Heartbeat
from provisioning.signing.documents import SealKey
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.world import observed, roster, tasks_config
from tests.e2e import center_process
from tests.e2e.center_process import CenterProcess
from tests.support.fresh_store import fresh_store
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, PAGE_MS

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREEN: Final = ViewportSize(width=1366, height=768)
USERNAME: Final = "operator"
PASSWORD: Final = "seven wet umbrellas"
LOG_IN: Final = re.compile(r"/login$")
"""The address where a log-out ends. Two navigations lead there; `wait_for_url` takes the aborted one for a failure."""


@dataclass
class Running:
    """One centre under test."""

    url: str
    code_file: Path
    archive: FakeArchive
    process: CenterProcess
    seal_key: SealKey
    """Provisioning's; the centre has its public half."""
    said: list[str] = field(default_factory=list)

    def say(self, **line: object) -> None:
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def deliver(self, message: Observation | CameraStatus | Heartbeat | Assessed) -> None:
        """As the broker would."""
        match message:
            case Observation():
                topic, payload = topics.observed(message.snapshot.agent_id), codec.encode(observed(message))
            case CameraStatus():
                topic = topics.camera_status(message.agent_id, message.camera_id)
                payload = codec.encode(message)
            case Assessed():
                topic, payload = topics.assessed(message.agent_id), codec.encode(message)
            case Heartbeat():
                topic, payload = topics.heartbeat(message.agent_id), codec.encode(message)
        self.say(topic=topic, payload=base64.b64encode(payload).decode())

    def enrol(self, number: int, *members: RosterEntry) -> None:
        """As provisioning publishes who counts."""
        payload = roster(self.seal_key, number, *members)
        self.say(topic=topics.roster(), payload=base64.b64encode(payload).decode())

    def archived(self, row: Observation, jpeg: bytes) -> Observation:
        """Committed, then hinted at."""
        self.archive.add(row, jpeg)
        self.deliver(row)
        return row


@pytest.fixture
def archive_url() -> Iterator[tuple[FakeArchive, str]]:
    archive = FakeArchive()
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(archive.app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield archive, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=LONG_S)


def write_config(folder: Path, *, port: int, query_url: str, more: str = "") -> Path:
    token = folder / "query-token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    hook = folder / "desk.key"
    hook.write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}")
    hook.chmod(0o600)
    config = folder / "center.toml"
    config.write_text(
        f"""
        port = {port}
        query_url = "{query_url}"
        ray_dashboard_url = "http://127.0.0.1:8265"
        grafana_url = "http://127.0.0.1:3000"
        query_token_file = "query-token"
        data_dir = "data"
        seal_key_file = "seal.pub"
        {more}
        [broker]
        host = "127.0.0.1"
        ca_file = "ca.pem"
        cert_file = "center.pem"
        key_file = "center.key"
        [pipeline]
        look_every_s = 1
        [wall]
        turn_s = 1
        refresh_s = 1
        [tasks]
        key_file = "tasks.key"
        warrant_file = "tasks.warrant"
        """
    )
    return config


def _listen(stream: IO[str], said: list[str], ready: threading.Event) -> None:
    for line in stream:
        said.append(line.rstrip("\n"))
        if line.startswith("ready "):
            ready.set()
    ready.set()


@pytest.fixture
def center(request: pytest.FixtureRequest, tmp_path: Path, archive_url: tuple[FakeArchive, str]) -> Iterator[Running]:
    """A centre of its own; a test may give lines for its configuration."""
    archive, query_url = archive_url
    port = free_port()
    seal_key = SealKey.create(tmp_path / "seal.key")
    tasks_config(tmp_path, seal_key, ends_at_ms=time.time_ns() // 1_000_000 + 10**9)
    (tmp_path / "data").mkdir(mode=0o700)
    fresh_store(tmp_path / "data" / DATABASE).close()
    served = center_process.start(
        write_config(tmp_path, port=port, query_url=query_url, more=getattr(request, "param", ""))
    )
    running = Running(f"http://127.0.0.1:{port}", tmp_path / "data" / "setup-code", archive, served, seal_key)
    ready = threading.Event()
    listener = threading.Thread(target=_listen, args=(served.stdout, running.said, ready))
    listener.start()
    assert ready.wait(LONG_S), running.said
    assert served.process.is_alive(), running.said
    yield running
    assert served.process.pid is not None
    os.kill(served.process.pid, signal.SIGINT)
    served.stdin.close()
    served.process.join(timeout=LONG_S)
    assert not served.process.is_alive()
    listener.join(timeout=LONG_S)
    served.stdout.close()
    assert not [line for line in running.said if "Traceback" in line], "\n".join(running.said)


@pytest.fixture(
    scope="module"
)  # Playwright's event loop runs as long as this; asyncio tests of other modules need theirs
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PAGE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True, timeout=PAGE_MS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One browser window, and what went wrong in it."""

    page: Page
    context: BrowserContext
    center: Running
    screenshots: Path | None
    """Where pictures are kept; none are taken without."""
    errors: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    """Each time that the page was loaded, and every line of its console."""
    strangers: set[str] = field(default_factory=set)
    expected: list[str] = field(default_factory=list)
    """Console errors that a test causes on purpose, by a part of their text."""

    def go(self, path: str) -> None:
        self.page.goto(f"{self.center.url}{path}")

    def photograph(self, name: str) -> None:
        """For somebody to look at; half a second each, so only where a folder is named."""
        if self.screenshots is not None:
            self.page.wait_for_timeout(350)
            self.page.screenshot(path=self.screenshots / f"{name}.png")

    def settled(self) -> None:
        """Wait until the pictures on the page have come, or have not."""
        self.page.wait_for_function("() => [...document.images].every(i => i.complete || i.loading === 'lazy')")

    def set_up(self) -> None:
        """Makes the administrator and logs in, without a page."""
        code = self.center.code_file.read_text(encoding="ascii").strip()
        self._post("/api/setup", {"code": code, "username": USERNAME, "password": PASSWORD})
        self.log_in(USERNAME)

    def set_up_by_page(self) -> None:
        """Makes the administrator as a user does."""
        self.go("/setup")
        self.page.get_by_label("Set-up code").fill(self.center.code_file.read_text(encoding="ascii").strip())
        self.page.get_by_label("User name").fill(USERNAME)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        self.page.wait_for_url("**/overview")

    def log_in(self, name: str) -> None:
        """Logs an account in, without a page; the one before it is not logged out."""
        self.page.goto("about:blank")  # what the page before still asks for would be refused
        self.context.clear_cookies()
        self._post("/api/login", {"username": name, "password": PASSWORD})

    def prefer(self, *, language: str = "", theme: str = "") -> None:
        """Chooses language and theme as the links of the frame do, and opens no page."""
        chosen = urlencode({name: value for name, value in (("language", language), ("theme", theme)) if value})
        answer = self.context.request.get(f"{self.center.url}/preferences?{chosen}", max_redirects=0)
        assert answer.status == 303, answer.text()

    def _post(self, path: str, body: dict[str, str]) -> None:
        url = self.center.url
        answer = self.context.request.post(f"{url}{path}", data=body, headers={"origin": url})
        assert answer.ok, answer.text()

    def last_words(self) -> str:
        try:
            text = self.page.inner_text("body", timeout=10_000)
            focused = self.page.evaluate("() => document.activeElement?.outerHTML.slice(0, 300)")
        except Error as error:
            text, focused = f"(no text: {error.message})", None
        lines = (self.page.url, text, f"focus: {focused}", *self.errors, *self.happened[-20:], *self.center.said[-20:])
        return "\n".join(lines)

    def check(self) -> None:
        # Chromium asks for /favicon.ico by itself, and where nobody is logged in that is refused like anything else.
        expected = {*self.expected, "/favicon.ico"}
        unexpected = [error for error in self.errors if not any(part in error for part in expected)]
        assert unexpected == []
        assert self.strangers == set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to a failure the text of its page and the last lines of its centre."""
    report = yield
    visitor = item.funcargs.get("visitor") if isinstance(item, pytest.Function) else None
    if report.when == "call" and report.failed and isinstance(visitor, Visitor):
        report.sections.append(("page and centre", visitor.last_words()))
    return report


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """WAYSIDE_SCREENSHOTS names a folder for what the pages look like."""
    named = os.environ.get("WAYSIDE_SCREENSHOTS")
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visitor(chromium: Browser, center: Running, screenshots: Path | None) -> Iterator[Visitor]:
    """An English browser in light mode; every console error and every outside request fails the test."""
    context = chromium.new_context(viewport=SCREEN, locale="en-GB", color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    visitor = Visitor(page, context, center, screenshots)

    def on_console(message: ConsoleMessage) -> None:
        visitor.happened.append(f"{message.type}: {message.text}")
        if message.type == "error":
            visitor.errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", on_console)
    page.on("load", lambda page: visitor.happened.append(f"loaded: {page.url}"))
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((center.url, center.url.replace("http", "ws"), "blob:", "data:"))
            else visitor.strangers.add(request.url)
        ),
    )
    yield visitor
    visitor.check()
    context.close()
