"""Builds the command line and environment of this machine's `ray start`, as functions of the configuration.

Every port is stated, so that a firewall can be written for them. That does not spare the raylet its wait for its
agents, which a busy machine may keep too long (`environment.RAYLET_START_S`).
"""

import json
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig, Node, NodeRole
from ray_cluster.errors import StartFailed
from ray_cluster.node.environment import switches

ROLE_ROOM: Final = 1
"""Amount of a role's resource on a machine with the role, in addition to the slots of the parser."""
LIGHT: Final = 0.01
"""Amount of its role's resource that a deployment without slots takes."""
_BOOKKEEPING_CPUS: Final = 32
"""Ray's CPUs, which are slots, not cores: deployments are placed by role."""
RECONNECT_S: Final = 600
"""Seconds for which a node works on without its head. Then it ends, and its unit starts it again."""


def node_of(config: ClusterConfig) -> Node:
    """Return the [node] table. Raises `StartFailed` if there is none."""
    if config.node is None:
        raise StartFailed("the configuration has no [node]: add one with state_dir, or use `wayside-cluster run`")
    return config.node


def is_head(config: ClusterConfig) -> bool:
    """True if this machine is the head, to which the others connect."""
    node = config.node
    return node is None or node.head_address in {None, config.node_address}


def head_address(config: ClusterConfig) -> str:
    """Return HOST:PORT of the head's GCS."""
    host = config.node_address if config.node is None else config.node.head_address or config.node_address
    return f"{host}:{config.gcs_port}"


def resources(config: ClusterConfig) -> dict[str, float]:
    """Return the resources that this machine offers to deployments: by role, and for writers that may run here."""
    node = node_of(config)
    slots = {NodeRole.PARSE: node.parser_slots}
    offered = {role.value: float(ROLE_ROOM + slots.get(role, 0)) for role in node.roles}
    return offered | (config.writer_resources(node.writers) if NodeRole.ARCHIVE in node.roles else {})


def ports(config: ClusterConfig) -> dict[str, int]:
    """Return the ports that a node opens except the worker range, by their purpose."""
    node = node_of(config)
    names = ("node manager", "object manager", "dashboard agent", "metrics agent", "runtime agent", "metrics export")
    opened = {name: node.first_port + index for index, name in enumerate(names)}
    if not is_head(config):
        return opened
    # Ray's head opens a port for remote drivers and has no switch for it; the token guards it.
    opened |= {"client server": node.first_port + len(names), "gcs": config.gcs_port}
    return opened | ({"dashboard": config.dashboard_port} if config.dashboard else {})


def run_dir(config: ClusterConfig, runtime_directory: str | None) -> Path:
    """Return Ray's directory of sockets and logs: systemd's runtime directory, or one in /tmp named by `state_dir`.

    A socket's path has at most 107 bytes, so it is short; it is the same at each start, so remains of a kill are found.
    """
    if runtime_directory:
        return Path(runtime_directory.split(":")[0])
    digest = sha256(str(node_of(config).state_dir).encode()).hexdigest()[:8]
    return Path(f"/tmp/wr-{digest}")  # noqa: S108 - made with mode 0700, and only used where it is ours


def environment(config: ClusterConfig, base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of `ray start` and all its children."""
    answer = {
        **base,
        **switches(config),
        # Ray's workers have nice 15 by default; here they are the purpose of the machine.
        "RAY_worker_niceness": "0",
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(RECONNECT_S),
    }
    if is_head(config):
        answer |= {
            # A head that starts again knows its nodes and actors; Ray calls this "alpha" (docs/cluster.md).
            "RAY_gcs_storage": "rocksdb",
            "RAY_gcs_storage_path": str(node_of(config).state_dir / "gcs"),
            # A node that does not answer is dead after 2 s + 5 x 2 s; one whose process ended, at once.
            "RAY_health_check_initial_delay_ms": "2000",
            "RAY_health_check_period_ms": "2000",
        }
    # A token in the environment would win over the file.
    answer.pop("RAY_AUTH_TOKEN", None)
    return answer


def ray_start(config: ClusterConfig, run: Path) -> list[str]:
    """Return the command that runs this machine's node."""
    node = node_of(config)
    opened = ports(config)
    low, high = node.worker_ports
    command = [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats",
        "--node-ip-address", config.node_address, "--temp-dir", str(run),
        "--resources", json.dumps(resources(config)), "--num-cpus", str(_BOOKKEEPING_CPUS),
        "--num-gpus", str(node.gpus), "--object-store-memory", str(config.object_store_mb * 1024**2),
        "--node-manager-port", str(opened["node manager"]), "--object-manager-port", str(opened["object manager"]),
        "--dashboard-agent-listen-port", str(opened["dashboard agent"]),
        "--dashboard-agent-grpc-port", str(opened["metrics agent"]),
        "--runtime-env-agent-port", str(opened["runtime agent"]),
        "--metrics-export-port", str(opened["metrics export"]),
        "--min-worker-port", str(low), "--max-worker-port", str(high),
    ]  # fmt: skip
    if not is_head(config):
        return [*command, "--address", head_address(config)]
    return [
        *command, "--head", "--port", str(config.gcs_port), "--include-dashboard", str(config.dashboard).lower(),
        "--dashboard-host", "127.0.0.1", "--dashboard-port", str(config.dashboard_port),
        # Ray's autoscaler rents machines; here their number is fixed.
        "--no-monitor",
        "--ray-client-server-port", str(opened["client server"]),
    ]  # fmt: skip
