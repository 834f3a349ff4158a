"""Deploys the application from the head, follows `wayside-cluster scale`, and drains it.

    python -m ray_cluster.serve.deployer CONFIG

Deploying a running version again changes nothing: a deployment's version is its configuration and its classes' names.
So a head that comes back with the state of its GCS leaves the replicas on the other machines at work.
"""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Final

import ray
from ray import serve
from ray.serve.exceptions import RayServeException

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.config.processes import load
from provisioning.contracts.detectors import WantedDetectors
from provisioning.contracts.errors import ConfigError
from ray_cluster.errors import ClusterError, StartFailed
from ray_cluster.inference.detectors_file import DetectorsFile
from ray_cluster.log import carry_to_journal, log_to_stderr
from ray_cluster.node import ray_command
from ray_cluster.node.cluster_state import Condition, Deployed, Machine
from ray_cluster.node.replica_counts import Scale, current
from ray_cluster.serve.application import APPLICATION, PARTS, Parts, build
from ray_cluster.serve.ray_node import deployed, serving
from ray_cluster.serve.replica import now_ms

LOG = logging.getLogger(__name__)
LEAVE_S: Final = 15.0
_POLL_S: Final = 1.5


class _Stopped(Exception):
    """SIGTERM while a deployment was waited for."""


def deploy(config: ClusterConfig, *, parts: Parts = PARTS) -> None:
    """Deploy and follow changes until SIGTERM.

    Raises:
        StartFailed: a deployment does not come up; the text has the cause.
        BadScale: the file of scales is damaged.
    """
    stop = threading.Event()
    waiting = threading.Event()

    def ended(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        if waiting.is_set():
            raise _Stopped

    ray.init(
        address=ray_command.head_address(config), namespace=APPLICATION, configure_logging=False, log_to_driver=True
    )
    # After `ray.init`, which installs a handler of its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    serving(config)
    waiting.set()
    try:
        _follow(config, parts, stop)
    except _Stopped:
        LOG.info("stopped before every deployment was up")
    finally:
        waiting.clear()
    if stop.is_set():
        drain()
        serve.shutdown()  # type: ignore[no-untyped-call] # Ray has no type for it
    ray.shutdown()


def _follow(config: ClusterConfig, parts: Parts, stop: threading.Event) -> None:
    scales: dict[str, Scale] | None = None
    file, detectors = DetectorsFile(config), WantedDetectors()
    while not stop.is_set():
        now, wanted = current(config), file.wanted()
        if now != scales or wanted != detectors:
            scales, detectors = now, wanted
            began = time.monotonic()
            deployed(build(config, scales, parts=parts, wanted=detectors))
            text = ", ".join(f"{name} {scale}" for name, scale in scales.items())
            LOG.info("deployed within %.1f s: %s", time.monotonic() - began, text)
        condition(config, now).write(ray_command.node_of(config).state_dir)
        stop.wait(_POLL_S)


def condition(config: ClusterConfig, scales: Mapping[str, Scale]) -> Condition:
    """Read the state of machines and deployments at this moment."""
    seen = serve.status().applications.get(APPLICATION)
    machines = []
    for node in ray.nodes():  # type: ignore[no-untyped-call] # Ray has no type for it
        if node["Alive"]:
            offered = node["Resources"]
            roles = tuple(role.value for role in NodeRole if role.value in offered)
            slots = max(0.0, offered.get(NodeRole.PARSE.value, 0.0) - ray_command.ROLE_ROOM)
            machines.append(Machine(address=node["NodeManagerAddress"], roles=roles, slots=slots))
    deployments = tuple(
        Deployed(
            name=name,
            status=one.status.value,
            replicas={str(getattr(state, "value", state)): count for state, count in one.replica_states.items()},
            scale=str(scales.get(name, "")),
            message=one.message[:500],
            stages=tuple(sorted(config.composed)) if name == "intake" else (),
        )
        for name, one in (seen.deployments if seen else {}).items()
    )
    return Condition(
        at_ms=now_ms(),
        application=seen.status.value if seen else "NOT_STARTED",
        machines=tuple(sorted(machines, key=lambda each: each.address)),
        deployments=deployments,
    )


def drain() -> None:
    """Drain every intake: it leaves the broker, finishes its messages and acknowledges; then delete the application."""
    try:
        intake = serve.get_deployment_handle("intake", APPLICATION)
        left = intake.broadcast("leave").results(timeout_s=LEAVE_S, return_exceptions=True)
    except (RayServeException, RuntimeError, TimeoutError) as error:
        # No snapshot is lost: unacknowledged ones come again.
        LOG.warning("the intake could not be drained: %s", error)
    else:
        LOG.info("intakes that finished what they had: %d of %d", sum(each is True for each in left), len(left))
    serve.delete(APPLICATION)


def main(arguments: list[str], run: Callable[[ClusterConfig], None] = deploy) -> int:
    """Run the deployer; exit code 2 with the reason on stderr."""
    log_to_stderr()
    carry_to_journal()
    try:
        run(load(ClusterConfig, Path(arguments[0])))
    except (ClusterError, ConfigError) as error:
        LOG.error("%s", error)  # noqa: TRY400 - its text is made for people
        return 2
    except ConnectionError as error:
        LOG.error("%s", StartFailed(f"the head does not answer: {error}"))  # noqa: TRY400
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
