"""Composition root: builds the services of one centre, the application over them, and serves it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from center.api import router
from center.assessment.assessment import Assessment, open_assessor
from center.assessment.export import MEDIA_TYPES, export
from center.audit import Audit
from center.auth import Auth
from center.broker import Link, Mailbox, MqttLink
from center.clock import NowMs, now_ms
from center.console import pages
from center.devices import Devices
from center.errors import StartError
from center.feed import Feed
from center.guard import Guard
from center.health import Health
from center.roster import Roster
from center.search import Search
from center.services import Services
from center.store import Store
from provisioning.contracts.config import Broker as BrokerConfig
from provisioning.contracts.config import CenterConfig, read_secret
from provisioning.seal import Seal, SealError

DATABASE = "center.sqlite3"
SETUP_CODE = "setup-code"


@dataclass(frozen=True, slots=True)
class Center:
    """One centre, ready to start."""

    services: Services
    application: FastAPI
    setup_code_file: Path | None
    """Where the one-time code lies, None once there is an account."""


def data_dir_of(config: CenterConfig) -> Path:
    """The data folder, made when absent, closed to everybody else.

    Raises:
        StartError: it cannot be made or closed.
    """
    path = config.data_dir
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise StartError(
            what=f"data_dir {path} cannot be used ({error.strerror})",
            what_to_do="Give the centre's user a folder of its own, or correct data_dir",
        ) from error
    return path


def _seal_of(config: CenterConfig) -> Seal | None:
    """The key whose roster is believed, None where none is set.

    Raises:
        StartError: the file holds none.
    """
    if config.seal_key_file is None:
        return None
    try:
        return Seal.load(config.seal_key_file)
    except SealError as error:
        raise StartError(
            what=f"seal_key_file {config.seal_key_file} holds no public key of a seal",
            what_to_do="Copy seal.pub from provisioning's folder there, or correct seal_key_file",
        ) from error


def open_accounts(config: CenterConfig, clock: NowMs = now_ms) -> tuple[Store, Auth]:
    """Database and accounts alone, as the `user` commands need them.

    Raises:
        StartError, StoreUnavailableError: the folder or its database cannot be used.
    """
    data_dir = data_dir_of(config)
    store = Store(data_dir / DATABASE)
    store.migrate()
    auth = Auth(
        store,
        Audit(store, clock),
        setup_code_file=data_dir / SETUP_CODE,
        session_hours=config.session_hours,
        now_ms=clock,
    )
    return store, auth


def write_assessment(config: CenterConfig, period: str, out: Path, clock: NowMs = now_ms) -> None:
    """Assess a period and write the file that its suffix asks for.

    Raises:
        BadPeriodError: the text is no period.
        StartError: the suffix names no format, or the file cannot be written.
        StoreUnavailableError: the database cannot be used.
    """
    form = next((each for each in MEDIA_TYPES if out.suffix.lower() == f".{each}"), None)
    if form is None:
        raise StartError(
            what=f"{out} has no suffix that says what to write",
            what_to_do=f"End its name with {', '.join(f'.{each}' for each in MEDIA_TYPES)}",
        )
    store, _auth = open_accounts(config, clock)
    try:
        data = export(open_assessor(store, clock), period, form)
        out.write_bytes(data)
    except OSError as error:
        raise StartError(
            what=f"{out} cannot be written ({error.strerror})", what_to_do="Name a file in a folder of yours"
        ) from error
    finally:
        store.close()


def build(config: CenterConfig, *, link: Link, clock: NowMs = now_ms) -> Center:
    """Everything of one centre, wired; nothing runs yet.

    Raises:
        ConfigError: the query token's file cannot be used.
        StartError, StoreUnavailableError: the seal's key, the data folder or its database cannot be used.
    """
    token = read_secret(config.query_token_file)
    seal = _seal_of(config)
    store, auth = open_accounts(config, clock)
    audit = Audit(store, clock)
    search = Search(url=config.query_url, token=token, audit=audit)
    roster = Roster(store, audit, seal, clock)
    roster.load()
    devices = Devices(store, roster, clock)
    devices.load()
    assessment = Assessment.over(store, audit, devices, clock)
    feed = Feed()
    mailbox = Mailbox(roster=roster, devices=devices, recorder=assessment.recorder, feed=feed, ask_again=link.ask_again)
    services = Services(
        auth=auth,
        audit=audit,
        search=search,
        roster=roster,
        devices=devices,
        assessment=assessment,
        feed=feed,
        health=Health(
            store=store,
            search=search,
            link=link,
            mailbox=mailbox,
            roster=roster,
            devices=devices,
            feed=feed,
            now_ms=clock,
        ),
        now_ms=clock,
        secure_cookie=config.tls_cert_file is not None,
        ray_dashboard_url=config.ray_dashboard_url,
    )

    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(store.close)
            stack.push_async_callback(search.close)
            await stack.enter_async_context(assessment.recorder.watching())
            link.start(mailbox)
            stack.push_async_callback(asyncio.to_thread, link.stop)
            yield

    return Center(services, application(services, lifespan), auth.prepare_setup())


def application(
    services: Services, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    """API and console behind the guard."""
    whole = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    whole.add_middleware(Guard, services=services)
    whole.mount("/api", router.create())
    pages.mount(whole)
    return whole


def serve(
    config: CenterConfig,
    announce: Callable[[str], None],
    connect: Callable[[BrokerConfig, Callable[[], None]], Link] = MqttLink,
) -> bool:
    """Run until a signal ends it. `announce` gets each line a person should see.

    Returns:
        False if a bug in the broker's thread ended it.

    Raises:
        ConfigError, StartError, StoreUnavailableError: it cannot start.
    """
    broken = False

    def ended() -> None:
        nonlocal broken
        broken = True
        server.should_exit = True

    _check_tls(config)
    with _listen(config) as listener:
        center = build(config, link=connect(config.broker, ended))
        if center.setup_code_file is not None:
            announce(f"No account yet. The one-time set-up code is in {center.setup_code_file}")
        server = _AnnouncingServer(
            uvicorn.Config(
                center.application,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ssl_certfile=config.tls_cert_file,
                ssl_keyfile=config.tls_key_file,
                timeout_graceful_shutdown=5,
            ),
            lambda: announce(f"ready {_url(config)}"),
        )
        # uvicorn shuts down in order and then raises the signal again: a Ctrl-C has been obeyed by then.
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return not broken


class _AnnouncingServer(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def _check_tls(config: CenterConfig) -> None:
    """Read the certificate as the server will, while there is still somebody to tell.

    Raises:
        StartError: the files cannot be used.
    """
    if config.tls_cert_file is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(config.tls_cert_file, config.tls_key_file)
    except (OSError, ValueError) as error:
        raise StartError(
            what=f"{config.tls_cert_file} and {config.tls_key_file} cannot be used ({error})",
            what_to_do="Give tls_cert_file and tls_key_file a PEM certificate and the key that belongs to it",
        ) from error


def _listen(config: CenterConfig) -> socket.socket:
    """The listening socket, taken before anything else is started.

    Raises:
        StartError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise StartError(
            what=f"{config.host}:{config.port} cannot be used ({error.strerror})",
            what_to_do=f"Stop what listens there (see: ss -ltnp 'sport = :{config.port}'), or set another port",
        ) from error
    return listener


def _url(config: CenterConfig) -> str:
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{'https' if config.tls_cert_file is not None else 'http'}://{host}:{config.port}/"
