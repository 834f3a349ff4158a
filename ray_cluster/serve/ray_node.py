"""Starts and ends a Ray node on this machine, and the application on it."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import ray
from ray import serve
from ray.serve.exceptions import RayServeException

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.detectors import WantedDetectors
from ray_cluster.errors import StartFailed
from ray_cluster.node.environment import home
from ray_cluster.node.ray_command import ROLE_ROOM
from ray_cluster.serve.application import APPLICATION, build

_LOGICAL_CPUS: Final = 4
"""Ray's CPUs, which are slots, not cores: the deployments take shares of them."""


_ABORTED: Final = re.compile(r" C \d+ \d+\] \(raylet\).*Check failed: \S+ (.+)")
"""Line with which a raylet ends itself."""
_QUIET: Final = {"enable_access_log": False, "log_level": "WARNING"}


@contextmanager
def node(config: ClusterConfig, temporary: str, stop: threading.Event) -> Iterator[None]:
    """Run a node that is head and worker until the context ends. SIGTERM and SIGINT set `stop`.

    The home of this process and of Ray's is then a folder in `temporary`.

    Raises:
        StartFailed: Ray's processes do not come up; the text has their last words.
    """
    os.environ.update(home(Path(temporary)))
    try:
        _start(config, temporary)
    except Exception as error:  # Ray raises the bare class (2.60)
        raise StartFailed(_why(error, Path(temporary))) from error
    try:
        # After `ray.init`, which installs a handler of its own.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        yield
    finally:
        ray.shutdown()


def _start(config: ClusterConfig, temporary: str) -> None:
    ray.init(
        num_cpus=_LOGICAL_CPUS + config.embedder_replicas + (config.parser_replicas_max or config.parser_replicas),
        resources={role.value: float(ROLE_ROOM) for role in NodeRole}
        | {NodeRole.PARSE.value: float(ROLE_ROOM + (config.parser_replicas_max or config.parser_replicas))}
        | config.writer_resources(),
        object_store_memory=config.object_store_mb * 1024**2,
        include_dashboard=config.dashboard,
        dashboard_host="127.0.0.1",
        dashboard_port=config.dashboard_port,
        configure_logging=False,
        log_to_driver=True,
        namespace=APPLICATION,
        _node_ip_address=config.node_address,
        _temp_dir=temporary,
    )


def _why(error: Exception, temporary: Path) -> str:
    """Tells in one line why Ray does not start: its raylet's reason to abort, whose log goes with `temporary`."""
    reasons = [
        match[1]
        for log in temporary.glob("session_2*/logs/raylet.out")
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if (match := _ABORTED.search(line))
    ]
    reason = reasons[-1] if reasons else " ".join(str(error).split())
    return (
        f"Ray does not start on this machine: {reason[:300]}; it starts when started again unless the machine stays too"
        " busy or short of memory, which `uptime` and `free` show"
    )


@contextmanager
def application(config: ClusterConfig, wanted: WantedDetectors) -> Iterator[None]:
    """Deploy the application, and delete it at the end of the context. Raises `StartFailed`."""
    serving(config)
    try:
        deployed(build(config, wanted=wanted))
        yield
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call] # Ray has no type for it


def serving(config: ClusterConfig) -> None:
    """Start Serve, with its HTTP proxy on the head alone."""
    serve.start(
        proxy_location="HeadOnly",
        http_options={"host": config.query_host, "port": config.query_port},
        logging_config=_QUIET,
    )


def deployed(graph: serve.Application) -> None:
    """Deploy a graph and wait until every deployment runs. Raises `StartFailed`."""
    try:
        serve.run(graph, name=APPLICATION, route_prefix="/", logging_config=_QUIET)
    except (RuntimeError, RayServeException) as error:
        raise StartFailed(f"a deployment does not start: {str(error)[:500]}") from error
