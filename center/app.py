"""Composition root: builds the services of one centre, the application over them, and serves it."""

import asyncio
import gc
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import httpx
import uvicorn
from fastapi import FastAPI

from center import background, config_view
from center.access.oidc import Oidc
from center.access.route_permissions import RoutePermissions
from center.alarms import notices
from center.alarms.rules.inputs import PartFault
from center.alarms.service import AlarmService
from center.api import router
from center.assessment.service import Assessment
from center.assessment_feed.service import open_feed
from center.audit_syslog.service import SyslogSender
from center.background import Periodic
from center.basemap.ground import Basemap
from center.basemap.site_map import SiteMap
from center.bootstrap import Records, open_records
from center.cascade.catalog_source import CatalogSource
from center.cascade.service import Cascade
from center.cases.service import Cases
from center.clock import NowMs, now_ms
from center.console import pages
from center.database.instance_lock import alone
from center.database.store import Store
from center.errors import StartError
from center.events_out.service import EventsOutService
from center.evidence.setup import open_exports, open_signing
from center.fleet.devices import Devices
from center.fleet.feed import ArchivePace, Feed
from center.fleet.mqtt import Link, Mailbox, MqttLink
from center.fleet.rollouts import Rollouts
from center.fleet.roster import Roster
from center.health import Health
from center.metrics import MetricsInputs, open_metrics
from center.middleware import Guard
from center.notify.fallback import FallbackDelivery
from center.notify.service import Notifier
from center.orders.service import OrderService
from center.pipeline import third_parties
from center.pipeline.broker_figures import BrokerGauges
from center.pipeline.cluster_client import Cluster
from center.pipeline.probes import Prober
from center.pipeline.service import Pipeline
from center.pipeline.stages import StageState
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.saved import SavedSearches
from center.self_check.service import SelfCheck
from center.services import Services
from center.tasks.jobs import TaskJobs
from center.tasks.orders import TaskOrders
from center.tasks.sender import CommandSender
from center.tasks.upload_permits import UploadPermits
from center.viid_cascade.service import ViidCascade
from center.wall.service import Wall
from provisioning import logging_setup
from provisioning.contracts.config.processes import Broker as BrokerConfig
from provisioning.contracts.config.processes import CenterConfig, read_secret
from provisioning.net.tls import server_context
from provisioning.program_version import installed_version
from provisioning.signing.documents import Seal, SealError

Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Center:
    """The services and the lifespan of one centre, wired and not started."""

    services: Services
    mailbox: Mailbox
    """Receives what the broker's link delivers."""
    metrics: MetricsInputs
    lifespan: Lifespan
    """Starts everything on entry and ends it on exit."""

    def application(self) -> FastAPI:
        """Makes the ASGI application, API and console, which runs this centre while it is served."""
        return application(self.services, self.lifespan)


def _seal_of(config: CenterConfig) -> Seal | None:
    """Reads the key that the roster must be signed with, None where none is set.

    Raises:
        StartError: the file holds no key.
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


def _oidc_of(config: CenterConfig, store: Store, clock: NowMs) -> Oidc | None:
    """Makes the identity provider, None where none is set.

    Raises:
        ConfigError: the client's secret cannot be used.
    """
    if config.oidc is None:
        return None
    file = config.oidc.client_secret_file
    return Oidc(store, config.oidc, "" if file is None else read_secret(file), clock)


def build(
    config: CenterConfig,
    *,
    link: Link,
    clock: NowMs = now_ms,
    transport: httpx.AsyncBaseTransport | None = None,
    records: Records | None = None,
) -> Center:
    """Wire everything of one centre; nothing runs yet.

    Args:
        config: of the process.
        link: to the broker.
        clock: of everything but `records`.
        transport: to the archive; by default the network.
        records: by default `open_records` of the configuration.

    Raises:
        ConfigError: the file of the query token or of a channel's secret cannot be used.
        StartError, StoreUnavailableError: the seal's key, the data folder or its database cannot be used.
    """
    token = read_secret(config.query_token_file)
    seal = _seal_of(config)
    records = open_records(config, clock) if records is None else records
    store, audit = records.store, records.audit
    records.retention.advance()
    roster = Roster(store, audit, seal, clock)
    roster.load()
    devices = Devices(store, roster, clock)
    devices.load()
    positions = CameraPositions(store, devices.statuses)
    search = Search(url=config.query_url, token=token, audit=audit, positions=positions, transport=transport)
    notifier = Notifier(
        config.notify, store, audit, data_dir=config.data_dir, retention=records.retention, now_ms=clock
    )
    delivery = FallbackDelivery(notifier, store, audit, clock, levels=config.alarms.tell, prefix=notices.PREFIX)
    feed = Feed(pace=ArchivePace(clock))
    alarms = AlarmService(
        store,
        audit,
        search,
        devices,
        roster,
        config.alarms,
        clock,
        retention=records.retention,
        notifier=notices.NoticeSender(delivery, devices, config.alarms.tell) if config.alarms.tell else None,
        delivery=delivery if config.alarms.tell else None,
    )
    alarms.load()
    cases = Cases(
        store,
        audit,
        search,
        positions,
        roster,
        config.cases,
        clock,
        alarms=alarms,
        jobs=(jobs := TaskJobs(store, audit, devices, CommandSender(link.publish, config.tasks), clock)),
        retention=records.retention,
        late_after_s=config.alarms.late_after_s,
    )
    exports = open_exports(
        config,
        store=store,
        search=search,
        audit=audit,
        devices=devices,
        cases_in_sight=cases.book.wholly_in_sight,
        retention=records.retention,
        now_ms=clock,
    )
    assessment = Assessment.over(store, audit, devices, positions.on_file, clock)
    month_feed = open_feed(config, assessment.assessor, store=store, audit=audit, now_ms=clock)
    orders = OrderService(
        store,
        audit,
        devices,
        notifier,
        assessment.maintenance,
        config.orders,
        clock,
        alarms=alarms,
        retention=records.retention,
        sign=open_signing(config.evidence, clock),
    )
    oidc = _oidc_of(config, store, clock)
    syslog = None if config.audit_syslog is None else SyslogSender(config.audit_syslog, store, audit, clock)
    cascade = Cascade(config.cascade, CatalogSource(store, devices, positions), audit, installed_version(), clock)
    viid_cascade = ViidCascade(
        config.viid_cascade,
        store=store,
        audit=audit,
        search=search,
        statuses=devices.statuses,
        positions=positions.on_file,
        counts=lambda agent_id: not roster.revoked(agent_id),
        now_ms=clock,
    )
    events_out = EventsOutService(
        config.events_out,
        store=store,
        audit=audit,
        search=search,
        alarms=alarms.register,
        devices=devices,
        months=assessment.assessor.months,
        positions=positions.on_file,
        counts=lambda agent_id: not roster.revoked(agent_id),
        now_ms=clock,
    )
    pipeline = Pipeline(
        link=link,
        devices=devices,
        gauges=(gauges := BrokerGauges(clock)),
        cluster=Cluster(url=config.query_url, token=token, transport=transport),
        notifier=notifier,
        prober=Prober(
            (
                *third_parties.probes(
                    config.probes, notifier.channels, oidc, {} if exports is None else exports.certificates_end
                ),
                *viid_cascade.probes(),
                *cascade.probes(),
                *(() if month_feed is None else (month_feed.probe(),)),
                *events_out.probes(),
            ),
            every_s=config.probes.every_s,
            timeout_s=config.probes.timeout_s,
            now_ms=clock,
        ),
        store=store,
        limits=config.pipeline,
        now_ms=clock,
    )
    pipeline.load()
    mailbox = Mailbox(
        roster=roster,
        devices=devices,
        recorder=assessment.recorder,
        feed=feed,
        alarms=alarms,
        gauge=gauges,
        ask_again=link.ask_again,
        rollouts=(rollouts := Rollouts(seal)),
    )

    def loops() -> tuple[Periodic, ...]:
        return (
            records.audit_keeper.loop,
            assessment.recorder.loop,
            pipeline.loop,
            pipeline.prober.loop,
            jobs.loop,
            *cases.loops,
            *orders.loops,
            *notifier.loops,
            *alarms.loops,
            *viid_cascade.loops,
            *cascade.loops,
            *events_out.loops,
            *(each.loop for each in (exports, month_feed, syslog) if each is not None),
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
        health=Health(
            store=store,
            search=search,
            link=link,
            mailbox=mailbox,
            roster=roster,
            devices=devices,
            feed=feed,
            audit_keeper=records.audit_keeper,
            syslog=syslog,
            notifier=notifier,
            recorder=assessment.recorder,
            loops=loops,
            events_out=events_out,
            retention=records.retention,
            now_ms=clock,
        ),
        notifier=notifier,
        alarms=alarms,
        pipeline=pipeline,
        cases=cases,
        orders=orders,
        task_orders=TaskOrders(store, audit, devices, jobs.sender, clock),
        jobs=jobs,
        upload_permits=UploadPermits(store, audit, devices, jobs.sender, clock),
        wall=Wall(
            config.wall,
            store=store,
            devices=devices,
            districts=records.districts,
            search=search,
            feed=feed,
            link=link,
            now_ms=clock,
        ),
        self_check=SelfCheck(config, store, records.retention, clock),
        now_ms=clock,
        secure_cookie=config.tls_cert_file is not None,
        trusted_proxies=config.trusted_proxies,
        ray_dashboard_url=config.ray_dashboard_url,
        grafana_url=config.grafana_url,
        picture_watermark=config.picture_watermark,
        oidc=oidc,
        evidence=exports,
        atlas=Basemap.of(config.map, SiteMap(config.data_dir)),
        settings=config_view.shown(config),
    )

    @asynccontextmanager
    async def lifespan(_application: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(store.close)
            stack.push_async_callback(search.close)
            await stack.enter_async_context(background.running([records.audit_keeper.loop, jobs.loop]))
            await stack.enter_async_context(nullcontext() if syslog is None else syslog.at_work())
            notifier.start()
            stack.push_async_callback(notifier.stop)
            await stack.enter_async_context(assessment.recorder.watching())
            if exports is not None:
                stack.push_async_callback(exports.close)
                await stack.enter_async_context(background.running([exports.loop]))
            await stack.enter_async_context(cases.at_work())
            await stack.enter_async_context(orders.at_work())
            link.start(mailbox)
            stack.push_async_callback(asyncio.to_thread, link.stop)
            for work in (
                cascade.at_work(),
                pipeline.watching(),
                alarms.at_work(partial(_faults, services.health, pipeline)),
                viid_cascade.at_work(),
                events_out.at_work(),
                background.running(() if month_feed is None else (month_feed.loop,)),
            ):
                await stack.enter_async_context(work)
            yield

    return Center(
        services,
        mailbox,
        MetricsInputs(
            store=store,
            link=link,
            mailbox=mailbox,
            feed=feed,
            alarms=alarms,
            notifier=notifier,
            pipeline=pipeline,
            viid_cascade=viid_cascade,
            cascade=cascade,
            syslog=syslog,
            events_out=events_out,
            orders=orders,
            loops=loops,
            open_pages=pages.open_pages,
            now_ms=clock,
        ),
        lifespan,
    )


async def _faults(health: Health, pipeline: Pipeline) -> dict[str, PartFault]:
    """Returns the faults by name, of each dependency that does not work and each stage that alarm rules name."""
    away = await health.parts_away()
    stages = {
        name: PartFault(finding.text(), is_warning=finding.state is StageState.AMBER)
        for name, finding in pipeline.faults().items()
    }
    return stages | {name: PartFault(cause) for name, cause in away.items()}


def application(services: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """Makes the ASGI application: API and console behind the guard.

    Raises:
        UndeclaredRouteError: a route names no permission.
    """
    application = unguarded(lifespan)
    application.add_middleware(Guard, services=services, permits=RoutePermissions.of(application.routes))
    return application


def unguarded(lifespan: Lifespan | None = None) -> FastAPI:
    """Makes an application of all routes without the guard: to list the routes, never to serve."""
    application = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    application.mount("/api", router.create())
    pages.mount(application)
    return application


def serve(
    config: CenterConfig,
    announce: Callable[[str], None],
    connect: Callable[[BrokerConfig, Callable[[], None]], Link] = MqttLink,
) -> bool:
    """Serves until a signal ends it. `announce` gets each line for the operator.

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

    logging_setup.log_to_stderr(logging.WARNING)
    tls = _tls(config)
    with alone(config), _listen(config) as listener, ExitStack() as stack:
        center = build(config, link=connect(config.broker, ended))
        stack.enter_context(open_metrics(config.metrics_port, center.metrics))
        setup_code_file = center.services.auth.prepare_setup()
        if setup_code_file is not None:
            announce(f"No account yet. The one-time set-up code is in {setup_code_file}")
        server = _AnnouncingServer(
            uvicorn.Config(
                center.application(),
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
                timeout_graceful_shutdown=5,
            ),
            lambda: announce(f"ready {_url(config)}"),
            center.services.alarms.pushes.end,
        )
        # uvicorn shuts down in order and then raises the signal again: a Ctrl-C has been obeyed by then.
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    return not broken


class _AnnouncingServer(uvicorn.Server):
    """Announces when it serves and when it is about to end: an open stream would keep it from ending."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], leaving: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._leaving = leaving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then announces that it serves."""
        await super().startup(sockets=sockets)
        # What is there now stays: 380,000 objects, most of them of modules. A full collection walked them all while
        # every page waited, a quarter of a second every few openings (measured).
        gc.collect()
        gc.freeze()
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Announces the end, then shuts down."""
        self._leaving()
        await super().shutdown(sockets=sockets)


def _tls(config: CenterConfig) -> ssl.SSLContext | None:
    """Makes the context of HTTPS; None where HTTP is served.

    Raises:
        StartError: the files cannot be used.
    """
    if config.tls_cert_file is None:
        return None
    try:
        return server_context(config.tls_cert_file, config.tls_key_file)
    except (OSError, ValueError) as error:
        raise StartError(
            what=f"{config.tls_cert_file} and {config.tls_key_file} cannot be used ({error})",
            what_to_do="Give tls_cert_file and tls_key_file a PEM certificate and the key that belongs to it",
        ) from error


def _listen(config: CenterConfig) -> socket.socket:
    """Opens the listening socket, before anything else is started.

    Raises:
        StartError: the address is taken or not this machine's.
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
