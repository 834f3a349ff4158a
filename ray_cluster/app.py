"""The cluster as a Ray Serve application: which deployments there are, and who calls whom.

    broker ⇒ intake ─▶ parser
                │ ├──▶ canary
                │ └──▶ archiver ─▶ archive directory ◀─ query ⇐ HTTP

The only file that imports `ray`. `environment.prepare` must have run before this is imported: Ray reads its environment
while it is imported. Every process of the cluster imports this file, so what only one replica needs (networks, LanceDB)
is imported in that replica's constructor: it saves the others 50 to 150 MB each.
"""

# ruff: noqa: PLC0415 - see above

import asyncio
import logging
import os
import resource
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import ray
from ray import serve
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from provisioning.contracts.archive import IntakeStatus
from provisioning.contracts.config import ClusterConfig, read_secret
from ray_cluster.acks import Acks
from ray_cluster.batcher import Batcher
from ray_cluster.broker import MqttBroker
from ray_cluster.draw import Draw
from ray_cluster.entries import Entry, Receipt, Sighting
from ray_cluster.errors import ClusterError, Fenced, StartFailed, Unavailable
from ray_cluster.health import wait_until_healthy
from ray_cluster.intake import GROUP, Intake
from ray_cluster.lease import held
from ray_cluster.log import log_to_stderr
from ray_cluster.photo import Parsed, Photo, Unreadable

if TYPE_CHECKING:
    from fastapi import FastAPI

LOG = logging.getLogger(__name__)
APPLICATION: Final = "wayside"
FACE_MODEL: Final = "centerface"
DRAIN_S: Final = 5.0
_LOGICAL_CPUS: Final = 4
"""Slots for Ray's bookkeeping, not cores: deployments below ask for shares of them."""
_GONE: Final = (
    RayActorError,  # with ActorDiedError: the replica died in the middle
    WorkerCrashedError,
    NodeDiedError,
    ObjectLostError,
    TaskCancelledError,
    RayServeException,  # with BackPressureError and DeploymentUnavailableError
)

_T = TypeVar("_T")
_Handle = DeploymentHandle[Any]


def build(config: ClusterConfig) -> serve.Application:
    """The bind graph."""
    archiver = _deployment("archiver", ArchiverReplica, max_ongoing_requests=64).bind(config)
    parser = _deployment("parser", ParserReplica, num_replicas=config.parser_replicas, max_ongoing_requests=16).bind(
        config
    )
    canary = _deployment("canary", CanaryReplica, max_ongoing_requests=16).bind(config)
    intake = _deployment("intake", IntakeReplica, graceful_shutdown_timeout_s=2 * DRAIN_S).bind(
        config, parser, canary, archiver
    )
    return cast("serve.Application", _deployment("query", QueryReplica, max_ongoing_requests=64).bind(config, intake))


def _deployment(name: str, replica: type, **options: Any) -> Any:
    """Half a slot each, and noticed within seconds when it stops answering."""
    return serve.deployment(
        name=name,
        ray_actor_options={"num_cpus": 0.5},
        health_check_period_s=2.0,
        health_check_timeout_s=30.0,
        graceful_shutdown_wait_loop_s=0.2,
        **options,
    )(replica)


class ParserReplica:
    """Pictures of several calls go through the network together."""

    def __init__(self, config: ClusterConfig) -> None:
        from engines.catalog import Catalog
        from engines.detector import Detector
        from ray_cluster.parser import Parser

        log_to_stderr()
        detector = Detector.load(Catalog(config.models_dir), config.parser_model, threads=_threads())
        self._parser = Parser(detector, threshold=config.parser_threshold)
        batched: Any = self.parse
        batched.set_max_batch_size(config.parser_batch)
        batched.set_batch_wait_timeout_s(config.parser_batch_wait_ms / 1000)

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.02, batch_size_fn=lambda calls: sum(map(len, calls)))
    async def parse(self, calls: list[Sequence[Photo]]) -> list[list[Parsed | Unreadable]]:
        """See `Stages.parse`; Serve gathers `calls`."""
        answers = iter(await asyncio.to_thread(self._parser.parse, [photo for photos in calls for photo in photos]))
        return [[next(answers) for _ in photos] for photos in calls]


class CanaryReplica:
    """Searches the pictures as they are, each at its own size."""

    def __init__(self, config: ClusterConfig) -> None:
        from engines.catalog import Catalog
        from engines.detector import Detector
        from ray_cluster.canary import Canary

        log_to_stderr()
        detector = Detector.load(Catalog(config.models_dir), FACE_MODEL, threads=_threads())
        self._canary = Canary(detector, threshold=config.canary_threshold)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `Stages.inspect`."""
        return await asyncio.to_thread(self._canary.inspect, photos)


class ArchiverReplica:
    """One thread writes; everybody else waits for the next commit."""

    async def __init__(self, config: ClusterConfig) -> None:  # type: ignore[misc] # Serve awaits it
        from ray_cluster.archiver import Archiver

        log_to_stderr()
        self._thread = ThreadPoolExecutor(1, "archiver")
        self._archiver = await self._in_thread(
            lambda: Archiver(
                config.archive_dir,
                retention_days=config.retention_days,
                offset_minutes=config.day_offset_minutes,
                now_ms=now_ms(),
            )
        )
        self._batcher = Batcher(
            lambda entries: self._in_thread(lambda: self._archiver.commit(entries, now_ms=now_ms())),
            lambda: self._in_thread(lambda: self._archiver.maintain(now_ms=now_ms())),
            flush_rows=config.flush_rows,
            flush_s=config.flush_ms / 1000,
            max_rows=4 * config.flush_rows,
        )
        self._work = asyncio.get_running_loop().create_task(self._batcher.run())

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """See `Stages.known`."""
        return await self._in_thread(lambda: self._archiver.known(sightings))

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """See `Stages.archive`."""
        return await self._batcher.submit(entries)

    def check_health(self) -> None:
        """Serve replaces the replica when this raises."""
        if self._archiver.fenced:
            raise Fenced(self._archiver.fenced)
        _check_running(self._work)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


class IntakeReplica:
    """The MQTT client lives here."""

    async def __init__(  # type: ignore[misc] # Serve awaits it
        self, config: ClusterConfig, parser: _Handle, canary: _Handle, archiver: _Handle
    ) -> None:
        log_to_stderr()
        loop = asyncio.get_running_loop()
        self._intake = Intake(
            _Handles(parser, canary, archiver),
            takes=Draw(config.canary_share).takes,
            now_ms=now_ms,
            group=min(GROUP, config.parser_batch),
        )
        self._broker = MqttBroker(config.broker, loop, self._intake.deliver)
        self._acks = Acks(self._broker)
        self._work = loop.create_task(self._intake.run(self._broker, self._acks))
        self._broker.start()

    async def status(self) -> IntakeStatus:
        """Counters since this replica started."""
        return self._intake.status(self._broker, self._acks)

    def check_health(self) -> None:
        """Serve replaces the replica when this raises."""
        _check_running(self._work)

    async def __del__(self) -> None:
        """Serve calls and awaits this on shutdown: finish what arrived, tell the agents, leave."""
        self._broker.leave()
        await self._intake.drained(DRAIN_S)
        self._work.cancel()
        self._acks.flush()
        await asyncio.to_thread(self._broker.stop)


@serve.ingress()
class QueryReplica:
    """HTTP in front of the archive."""

    def __init__(self, config: ClusterConfig, intake: _Handle) -> None:
        from ray_cluster.query import Query

        log_to_stderr()
        self._token = read_secret(config.query_token_file)
        self._query = Query(config.archive_dir, offset_minutes=config.day_offset_minutes)
        self._intake = intake

    async def ask_intake(self) -> IntakeStatus:
        """Counters of the intake. Raises `Unavailable`."""
        return await _answer(self._intake.status.remote())

    def __serve_build_asgi_app__(self) -> "FastAPI":
        """The routes; Serve calls this after the constructor."""
        from ray_cluster.routes import create_app

        return create_app(self._query, token=self._token, ask_intake=self.ask_intake)


class _Handles:
    """`intake.Stages` over Serve handles."""

    def __init__(self, parser: _Handle, canary: _Handle, archiver: _Handle) -> None:
        self._parser = parser
        self._canary = canary
        self._archiver = archiver

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        return await _answer(self._archiver.known.remote(sightings))

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return await _answer(self._parser.parse.remote(photos))

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await _answer(self._canary.inspect.remote(photos))

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await _answer(self._archiver.archive.remote(entries))


async def _answer(call: Awaitable[_T]) -> _T:
    """Errors of the callee come as themselves, those of the way there as `Unavailable`.

    So does a fault of the program in the callee: the group that meets it stays unacknowledged and in sight, as a count
    of retries that grows, while the others go on.
    """
    try:
        return await call
    except ClusterError:
        raise
    except RayTaskError as error:
        raise Unavailable(f"fault in a deployment, please report it: {str(error.cause)[:300]!r}") from error
    except _GONE as error:
        raise Unavailable(f"{type(error).__name__}: a deployment is away or busy") from error


def _check_running(work: "asyncio.Task[None]") -> None:
    if work.done():
        raise Unavailable(f"the replica's work has ended: {work.exception() if not work.cancelled() else 'cancelled'}")


def _threads() -> int:
    return min(max((os.cpu_count() or 2) // 2, 1), 4)


def now_ms() -> int:
    """Wall clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def run(config: ClusterConfig, announce: Callable[[str], None]) -> None:
    """Start everything, `announce` the address once `/health` is good, and stay until SIGTERM or SIGINT.

    Raises:
        StartFailed: a deployment does not come up; the text has the cause.
        ArchiveInUse: another cluster works on this archive directory.
        EngineError: a model is missing or damaged.
    """
    log_to_stderr()
    # A picture with a face in it may be in memory, and memory must not reach a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _check_models(config)
    stop = threading.Event()
    # Ray's sockets are files in this folder, and a socket's path ends at 107 bytes: it must be short.
    temporary = tempfile.mkdtemp(prefix="wr-", dir="/tmp")
    try:
        with held(config.archive_dir), _node(config, temporary, stop), _application(config):
            address = f"http://{config.query_host}:{config.query_port}"
            if wait_until_healthy(address, stop):
                announce(f"ready {address}")
            stop.wait()
            LOG.info("stopping")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_models(config: ClusterConfig) -> None:
    """Before anything is started: a missing model is the likeliest mistake and has a one-line remedy."""
    from engines.catalog import Catalog

    catalog = Catalog(config.models_dir)
    for name in (config.parser_model, FACE_MODEL):
        catalog.path(name)


@contextmanager
def _node(config: ClusterConfig, temporary: str, stop: threading.Event) -> Iterator[None]:
    ray.init(
        num_cpus=_LOGICAL_CPUS + config.parser_replicas,
        object_store_memory=config.object_store_mb * 1024**2,
        include_dashboard=True,
        dashboard_host="127.0.0.1",
        dashboard_port=config.dashboard_port,
        configure_logging=False,
        log_to_driver=True,
        namespace=APPLICATION,
        _node_ip_address=config.node_address,
        _temp_dir=temporary,
    )
    try:
        # After `ray.init`, which installs a handler of its own.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        yield
    finally:
        ray.shutdown()


@contextmanager
def _application(config: ClusterConfig) -> Iterator[None]:
    quiet = {"enable_access_log": False, "log_level": "WARNING"}
    serve.start(
        proxy_location="HeadOnly",
        http_options={"host": config.query_host, "port": config.query_port},
        logging_config=quiet,
    )
    try:
        try:
            serve.run(build(config), name=APPLICATION, route_prefix="/", logging_config=quiet)
        except (RuntimeError, RayServeException) as error:
            raise StartFailed(f"a deployment does not start: {str(error)[:500]}") from error
        yield
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call] # Ray has no type for it
