"""Every third party as a peer of its own: all answer, then one is gone or hangs, and its own stage alone is accused."""

import asyncio
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final, Self

import httpx
import pytest
from fastapi.responses import Response

from center.access.oidc import Oidc
from center.app import build
from center.clock import now_ms
from center.notify.channels.base import Channel
from center.pipeline import cluster_client, ntp
from center.pipeline.judge import judge
from center.pipeline.probes import ProbeFault, Prober
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from center.pipeline.third_parties import probes
from provisioning.contracts.config.pipeline import Pipeline
from provisioning.contracts.config.probes import Probes
from provisioning.contracts.config.processes import OidcProvider
from tests.center.conftest import World
from tests.center.pipeline.chain import AT_MS, Chain
from tests.center.provider import CLIENT, ISSUER, SECRET, Provider
from tests.center.whole import configured
from tests.center.world import OpenLine
from tests.support import notify_world
from tests.support.http_server import HOST
from tests.support.mail_relay import Relay, RudeRelay
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, eventually, until, within

pytestmark = pytest.mark.anyio
METRICS: Final = 'node_filesystem_size_bytes{device="a",fstype="ext4",mountpoint="/"} 10\n'


class Web:
    """Answers GET and HEAD with `status`, or never; counts what it was asked to do."""

    def __init__(self, body: str = "") -> None:
        self.status, self.asked, self.body = 404, list[str](), body.encode()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                web.asked.append(self.command)
                self.send_response(web.status)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(web.body)

            do_GET = do_POST = do_HEAD  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Says nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)


@contextmanager
def mute() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server((HOST, 0)) as listener:
        yield int(listener.getsockname()[1])


@dataclass
class Site:
    """All third parties of one centre, each with a way to end it."""

    folder: Path
    oidc: Oidc
    provider: Provider
    ends: dict[Stage, ExitStack] = field(default_factory=dict)
    urls: dict[Stage, str] = field(default_factory=dict)
    ports: dict[Stage, int] = field(default_factory=dict)
    webs: dict[Stage, Web] = field(default_factory=dict)

    def start(self) -> None:
        for stage in (Stage.SMS, Stage.WEBHOOKS, Stage.STORAGE):
            self.webs[stage] = Web(METRICS)
            self._begin(stage).enter_context(self.webs[stage])
            self.urls[stage] = self.webs[stage].origin
        self.webs[Stage.STORAGE].status = 200
        self.ports[Stage.MAIL] = self._begin(Stage.MAIL).enter_context(Relay()).port

    def _begin(self, stage: Stage) -> ExitStack:
        self.ends[stage] = ExitStack()
        return self.ends[stage]

    def end(self, stage: Stage) -> None:
        if stage is Stage.SIGN_IN:
            self.provider.answer = lambda: Response("maintenance", 503)
        else:
            self.ends[stage].close()

    def channels(self) -> dict[str, Channel]:
        made = (
            notify_world.channel(notify_world.mail(self.folder, self.ports[Stage.MAIL])),
            notify_world.channel(notify_world.sms(self.folder, f"{self.urls[Stage.SMS]}/sms")),
            notify_world.channel(notify_world.webhook(self.folder, f"{self.urls[Stage.WEBHOOKS]}/hook")),
        )
        return {each.id: each for each in made}

    def prober(self, timeout_s: float = LONG_S) -> Prober:
        config = Probes(node_exporters={"head": f"{self.urls[Stage.STORAGE]}/metrics"})
        ends = {"stamp_cert_file": datetime.fromtimestamp(AT_MS / 1000, UTC) + timedelta(days=90)}
        made = probes(config, self.channels(), self.oidc, ends)
        return Prober(made, every_s=config.every_s, timeout_s=timeout_s, now_ms=lambda: AT_MS)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    provider = Provider(world.clock)
    settings = OidcProvider(
        name="County", issuer=ISSUER, client_id=CLIENT, redirect_url="https://centre.test/login/provider/back"
    )
    oidc = Oidc(world.store, settings, SECRET, world.clock, transport=httpx.ASGITransport(app=provider.app))
    made = Site(tmp_path, oidc, provider)
    made.start()
    yield made
    for stack in made.ends.values():
        stack.close()


def states(prober: Prober) -> dict[Stage, StageState]:
    """Judges a chain in which all else is well, and returns the stages that are not green."""
    chain = Chain()
    now = replace(chain.now, probes=prober.reports)
    return {each.stage: each.state for each in judge(now, chain.before, Pipeline()) if each.state != "green"}


def texts(prober: Prober, stage: Stage) -> list[str]:
    return ["hung" if each.fault is None else each.fault.text for each in prober.reports if each.stage is stage]


async def test_where_all_answer_nothing_is_accused_and_nothing_was_submitted(site: Site) -> None:
    prober = site.prober()
    await prober.loop.turn()
    assert states(prober) == {}
    assert {each.stage for each in prober.reports} == {
        Stage.SIGN_IN, Stage.MAIL, Stage.SMS, Stage.WEBHOOKS, Stage.TIME_STAMPS, Stage.STORAGE,
    }  # fmt: skip
    assert site.webs[Stage.SMS].asked == site.webs[Stage.WEBHOOKS].asked == ["HEAD"]


@pytest.mark.parametrize(
    ("stage", "text", "state"),
    [
        (Stage.SIGN_IN, "it answers HTTP 503", "red"),
        (Stage.MAIL, "connection refused or no route", "red"),
        (Stage.SMS, "connection refused or no route", "red"),
        (Stage.WEBHOOKS, "connection refused or no route", "red"),
        (Stage.STORAGE, "connection refused or no route", "amber"),
    ],
)
async def test_one_that_is_gone_accuses_its_own_stage_alone_at_the_next_turn(
    site: Site, stage: Stage, text: str, state: str
) -> None:
    prober = site.prober()
    await prober.loop.turn()
    site.end(stage)
    await prober.loop.turn()
    assert states(prober) == {stage: state}
    assert texts(prober, stage) == [text]


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.SMS, Stage.WEBHOOKS, Stage.STORAGE])
async def test_one_that_takes_the_connection_and_says_nothing_accuses_its_own_stage_alone(
    site: Site, stage: Stage
) -> None:
    with mute() as port:
        site.ports[stage], site.urls[stage] = port, f"http://{HOST}:{port}"
        prober = site.prober(timeout_s=0.5)
        # The others answer within half a second, however busy the machine is, or a later turn finds that they do.
        expected = {stage: "amber" if stage is Stage.STORAGE else "red"}, ["hung"]
        async with within():
            while (states(prober), texts(prober, stage)) != expected:
                await prober.loop.turn()


async def test_a_proxy_that_says_its_service_is_away_is_a_fault_and_any_other_answer_is_none(site: Site) -> None:
    prober = site.prober()
    for status, expected in ((503, {Stage.SMS: "red"}), (500, {}), (200, {}), (401, {})):
        site.webs[Stage.SMS].status = status
        await prober.loop.turn()
        assert states(prober) == expected, status


async def test_a_relay_that_refuses_to_talk_is_named_by_its_reply(tmp_path: Path) -> None:
    with RudeRelay((b"554 no",)) as relay:
        assert await notify_world.channel(notify_world.mail(tmp_path, relay.port)).probe() == "smtp_554"
    with RudeRelay((b"220 hello",)) as relay:
        assert await notify_world.channel(notify_world.mail(tmp_path, relay.port)).probe() == "unreachable"


async def test_a_relay_with_starttls_is_asked_for_it_and_gets_no_login_and_no_mail(tmp_path: Path) -> None:
    pki = notify_world.Pki(tmp_path / "pki", "localhost")
    with Relay(pki.server) as relay:
        config = notify_world.mail(tmp_path, relay.port, security="starttls", ca_file=pki.ca_file)
        assert await notify_world.channel(config).probe() == ""
        stranger = notify_world.mail(tmp_path, relay.port, security="starttls")
        assert await notify_world.channel(stranger).probe() == "tls_failed"
        assert (relay.mail, relay.logins) == ([], [])
    with Relay() as relay:
        config = notify_world.mail(tmp_path, relay.port, security="starttls", ca_file=pki.ca_file)
        assert await notify_world.channel(config).probe() == "no_tls_or_login"


async def test_a_centre_probes_what_its_configuration_names_and_shows_nothing_else(tmp_path: Path) -> None:
    center = build(configured(tmp_path, "http://127.0.0.1:9"), link=OpenLine(), clock=now_ms)
    pipeline = center.services.pipeline
    try:
        await pipeline.prober.loop.turn()
        found = {each.stage: each for each in (await pipeline.look()).verdicts if each.stage in THIRD_PARTIES}
    finally:
        await center.services.search.close()
        center.metrics.store.close()
    # Nothing listens at the webhook's port; its key and certificates are the exports'.
    assert {stage: each.state for stage, each in found.items()} == {Stage.WEBHOOKS: "red", Stage.TIME_STAMPS: "green"}
    assert found[Stage.TIME_STAMPS].figures.succeeded_at_ms is not None
    assert pipeline.prober.loop in tuple(center.metrics.loops())


def test_a_fault_is_seen_within_a_minute_by_default() -> None:
    every, limits = Probes(), Pipeline()
    # The round before may have waited for another that hangs; then its own, and until the chain is judged.
    round_s = every.timeout_s + every.every_s + every.timeout_s
    assert round_s + limits.look_every_s + cluster_client.TIMEOUT_S == 37


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.SMS, Stage.WEBHOOKS])
async def test_a_resolver_that_hangs_holds_none_of_the_threads_that_the_centre_shares(
    site: Site, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    go_on, asked = threading.Event(), threading.Event()

    def hangs(*_arguments: object, **_facts: object) -> list[object]:
        asked.set()
        go_on.wait(LONG_S)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    kind = {Stage.MAIL: "mail", Stage.SMS: "sms", Stage.WEBHOOKS: "desk"}[stage]
    task = asyncio.create_task(site.channels()[kind].probe())
    try:
        await eventually(asked.is_set)
        async with within():
            assert await asyncio.to_thread(lambda: "free") == "free"
    finally:
        go_on.set()
    assert await task in {"name_unknown", "unreachable"}


@contextmanager
def time_server(folder: Path, *lines: str) -> Iterator[tuple[int, int]]:
    """Debian's chronyd, which sets no clock: its port of NTP and that of commands."""
    chronyd = shutil.which("chronyd", path="/usr/sbin:/usr/bin")
    if chronyd is None:
        pytest.skip("chronyd is not installed (Debian: chrony)")
    port, commands = free_port(), free_port()
    config = folder / "chrony.conf"
    own = (
        f"port {port}", f"cmdport {commands}", "bindcmdaddress 127.0.0.1", "bindcmdaddress /", "allow 127.0.0.1",
        f"pidfile {folder}/chronyd.pid", *lines,
    )  # fmt: skip
    config.write_text("".join(f"{line}\n" for line in own))
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    with (folder / "chronyd.log").open("wb") as log:
        process = subprocess.Popen([chronyd, "-d", "-x", "-U", "-u", user, "-f", config], stdout=log, stderr=log)
        try:
            until(lambda: b"Disabled control of system clock" in (folder / "chronyd.log").read_bytes(), "it runs")
            yield port, commands
        finally:
            process.terminate()
            process.wait(LONG_S)


@pytest.mark.peer
async def test_a_real_time_server_is_asked_for_its_time_and_a_silent_one_is_a_fault(tmp_path: Path) -> None:
    with time_server(tmp_path, "local stratum 5") as (port, commands):
        async with within():  # a machine that stands still between question and answer is off by half of that
            while (await ntp.offset(HOST, timeout_s=20, port=port)).seconds >= 1:
                pass
        where = ("-h", HOST, "-p", str(commands))
        await ntp.follows(*where)
    with pytest.raises(ProbeFault, match="ntp_away: no response"):
        await ntp.offset(HOST, timeout_s=1, port=port)
    with pytest.raises(ProbeFault, match="clock_unsynchronised: chronyd is not running"):
        await ntp.follows(*where)


@pytest.mark.peer
async def test_a_chronyd_that_follows_nobody_is_not_synchronised(tmp_path: Path) -> None:
    with (
        time_server(tmp_path) as (_port, commands),
        pytest.raises(ProbeFault, match="clock_unsynchronised: chrony follows no time server"),
    ):
        await ntp.follows("-h", HOST, "-p", str(commands))
