"""Drains a backlog on a cluster whose parsers and nodes follow it, and measures both on the way up and down.

The head has room for one parser. Further nodes are Ray's own stand-in for rented machines (`FakeMultiNodeProvider`):
raylets on this machine, started and ended by Ray's autoscaler as it would machines of a cloud or pods of a Kubernetes.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.cluster.slow_street import Figures, counted, delays_s, deploy, parser_rate, parsers, slow_street
from provisioning.contracts.config.cluster import ClusterConfig, Node
from provisioning.contracts.config.processes import Window
from ray_cluster.node import environment, ray_command
from tests.support.custodian import Custodian
from tests.support.exchange import Exchange
from tests.support.nodes import kill_marked
from tests.support.ports import free_range
from tests.support.waiting import until

MOST: Final = 6
"""Parsers: one on the head, two on each further node."""
_NODES: Final = 3
_AGENTS: Final = 10
_RATE: Final = 10.0
"""Snapshots a second: of all agents while they were cut off, and of one more all the time."""
_IDLE_MINUTES: Final = 0.5
_RESEND_S: Final = Window().resend_after_s
"""An agent's own: sooner, what waits in the intake would be sent again and again."""
_PATIENCE_S: Final = 1800.0
_SAMPLE_S: Final = 0.5
_UP_S: Final = 120.0


def drain(folder: Path, seconds: float, figures: Figures) -> None:
    """Drains the backlog of so many seconds and adds the figures; None for what did not come."""
    # Seven ports for the head, and a hundred for its workers.
    first = free_range(120)[0]
    head = Node(state_dir=folder / "node", parser_slots=1, first_port=first, worker_ports=(first + 10, first + 119))
    with slow_street(folder, MOST, head, object_store_mb=80) as (exchange, config):
        try:
            with _elastic_node(config, folder):
                _follow(exchange, config, seconds, figures)
        finally:
            kill_marked(f"RAY_AUTH_TOKEN_PATH={config.auth_token_file}".encode())


@contextmanager
def _elastic_node(config: ClusterConfig, folder: Path) -> Iterator[None]:
    """Run the head, with Ray's autoscaler beside it, and the application on it."""
    from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID  # noqa: PLC0415

    plan = folder / "autoscaling.json"
    plan.write_text(json.dumps(_plan(config, FAKE_HEAD_NODE_ID)), encoding="utf-8")
    run = Path(f"/tmp/wb-{os.getpid()}")
    run.mkdir(mode=0o700)
    (folder / "node" / "gcs").mkdir(mode=0o700, parents=True)
    command = [word for word in ray_command.ray_start(config, run) if word != "--no-monitor"]
    variables = (
        ray_command.environment(config, os.environ)
        | environment.home(run)
        | {
            "RAY_FAKE_CLUSTER": "1",
            "RAY_enable_autoscaler_v2": "1",
            "RAY_CLOUD_INSTANCE_ID": FAKE_HEAD_NODE_ID,
            "RAY_OVERRIDE_NODE_ID_FOR_TESTING": FAKE_HEAD_NODE_ID,
            "AUTOSCALER_UPDATE_INTERVAL_S": "1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
    )
    with (folder / "head.log").open("ab") as log:
        head = subprocess.Popen(
            [*command, "--autoscaling-config", str(plan)],
            env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
        )  # fmt: skip
    try:
        until(lambda: any(run.glob("session_*/logs/ray_process_exit.log")), "the head is up", patience_s=_UP_S)
        os.environ.update(ray_command.environment(config, {}) | environment.home(run))
        import ray  # noqa: PLC0415 - it reads its environment while it is imported

        from ray_cluster.serve.application import APPLICATION  # noqa: PLC0415

        ray.init(address=ray_command.head_address(config), namespace=APPLICATION, configure_logging=False)
        try:
            deploy(config)
            yield
        finally:
            ray.shutdown()
    finally:
        head.kill()  # and `kill_marked` all that it has started
        head.wait()


def _plan(config: ClusterConfig, head_id: str) -> dict[str, Any]:
    """Return the configuration of Ray's autoscaler."""
    from ray.autoscaler._private.kuberay.autoscaling_config import (  # noqa: PLC0415
        _generate_legacy_autoscaling_config_fields as unused,
    )

    return {
        **unused(),  # the schema asks for what another provider would install
        "cluster_name": "bench",
        "max_workers": _NODES,
        "idle_timeout_minutes": _IDLE_MINUTES,
        "upscaling_speed": 10.0,
        "provider": {
            "type": "external",
            "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
            "gcs_address": ray_command.head_address(config),
            "head_node_id": head_id,
            "launch_multiple": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "head_node_type": "ray.head.default",
        "available_node_types": {
            "ray.head.default": {
                "resources": {"CPU": 32, **ray_command.resources(config)},
                "node_config": {},
                "max_workers": 0,
            },
            "parsers": {
                "resources": {"CPU": 32, "parse": 2, "object_store_memory": 80 * 1024**2},
                "node_config": {},
                "min_workers": 0,
                "max_workers": _NODES,
            },
        },
    }


class _Watch:
    """Samples the numbers of parsers and nodes beside the measurement."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.samples: list[tuple[float, int, int]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            self._sample()
        self._sample()

    def _sample(self) -> None:
        self.samples.append((self.since(), parsers(), _nodes()))

    def since(self) -> float:
        """Return the seconds since the beginning."""
        return round(time.monotonic() - self.began_s, 1)

    def first(self, least: int) -> float | None:
        """Return the second in which so many parsers ran first."""
        return next((at for at, some, _ in self.samples if some >= least), None)

    def changes(self) -> list[str]:
        """List each change of the two numbers with its second."""
        kept: list[tuple[float, int, int]] = []
        for sample in self.samples:
            if not kept or kept[-1][1:] != sample[1:]:
                kept.append(sample)
        return [f"{at} s: {some} on {nodes}" for at, some, nodes in kept]

    def close(self) -> None:
        """Take a last sample."""
        self._ended.set()
        self._thread.join()


def _follow(exchange: Exchange, config: ClusterConfig, seconds: float, figures: Figures) -> None:
    live = Custodian(exchange.section("lane"), "lane", rate=_RATE, resend_after_s=_RESEND_S)
    each = round(seconds * _RATE / _AGENTS)
    agents = [
        Custodian(
            exchange.section(f"street-{n}"), f"street-{n}",
            rate=1e6, most=each, age_s=seconds, resend_after_s=_RESEND_S,
        )
        for n in range(_AGENTS)
    ]  # fmt: skip
    live.start()
    time.sleep(10)  # how many there are at rest
    figures.add(
        {
            "kept, snapshots": each * _AGENTS,
            "live, snapshots/s": _RATE,
            "one parser carries, snapshots/s": parser_rate(),
            "at rest, parsers and nodes": [parsers(), _nodes()],
        }
    )
    watch = _Watch()
    for agent in agents:
        agent.start()
    figures.add({"drained after, s": _when(lambda: all(agent.is_done for agent in agents), watch)})
    peak = max(some for _, some, _ in watch.samples)
    figures.add(
        {
            "most parsers, and nodes": [peak, max(nodes for _, _, nodes in watch.samples)],
            "two parsers after, s": watch.first(2),
            "most parsers after, s": watch.first(peak),
            "delay of live ones until then, p50 and p99, s": delays_s(live),
        }
    )
    figures.add({"one parser again after, s": _when(lambda: parsers() == 1, watch)})
    figures.add({"one node again after, s": _when(lambda: _nodes() == 1, watch)})
    watch.close()
    figures.add({"parsers on nodes": watch.changes()})
    live.stop()
    _when(lambda: not live.waiting, watch)
    figures.add({"load of the machine, 1 and 15 minutes": [round(os.getloadavg()[at], 1) for at in (0, 2)]})
    figures.add(counted(config, [live, *agents]))


def _nodes() -> int:
    import ray  # noqa: PLC0415

    return sum(node["Alive"] for node in ray.nodes())  # type: ignore[no-untyped-call] # Ray has no type for it


def _when(done: Callable[[], bool], watch: _Watch) -> float | None:
    """Return the second in which it was done; None: it did not come."""
    began_s = time.monotonic()
    while not done():
        if time.monotonic() - began_s > _PATIENCE_S:
            return None
        time.sleep(0.2)  # nobody reports it
    return watch.since()
