"""Prepares files and environment before `ray` is imported: tokens, ports, switches."""

import os
import secrets
import socket
from pathlib import Path
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.files import durable
from ray_cluster.errors import StartFailed

NO_PORT: Final = "-1"
"""An invalid port, on which no process can listen."""
RAYLET_START_S: Final = 75
"""Seconds for which Ray waits until its raylet is known; 30 by default.

The raylet waits for up to four ports of its agents before that, 15 s each. It aborts where one takes longer, and Ray
2.60 has no switch for that (measured at a load of 20): then this wait is in vain, so it is hardly longer than those
four; the process ends, and its unit or its container's policy starts it again.
"""
DASHBOARD_START_S: Final = 180
"""Seconds for which Ray waits for its dashboard; in 60, its default, a machine at a load of 20 starts none."""


def prepare(config: ClusterConfig) -> None:
    """Set up Ray in this process and its children as in `config`. Writes the two tokens if they are absent.

    Raises:
        ConfigError: a token file cannot be used.
        StartFailed: a port is taken.
    """
    for path in (config.auth_token_file, config.query_token_file):
        ensure_secret(path)
    for host, port, key in (
        (config.query_host, config.query_port, "query_port"),
        ("127.0.0.1", config.dashboard_port, "dashboard_port"),
        (config.node_address, config.gcs_port, "gcs_port"),
    ):
        _check_free(host, port, key)
    os.environ.update(switches(config), RAY_GCS_SERVER_PORT=str(config.gcs_port))
    # A token in the environment would win over the file.
    os.environ.pop("RAY_AUTH_TOKEN", None)


def switches(config: ClusterConfig) -> dict[str, str]:
    """Return the environment of every Ray process, for `run` and `up`.

    Left out on purpose: RAY_SERVE_THROUGHPUT_OPTIMIZED (docs/figures/cluster.md has the reason).
    """
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(config.auth_token_file),
        # Two servers of metrics would listen on every address and ask for no token. There is no switch for them (2.60);
        # Ray goes on without a server whose port is invalid.
        "AUTOSCALER_METRIC_PORT": NO_PORT,
        "DASHBOARD_METRIC_PORT": NO_PORT,
        "RAY_USAGE_STATS_ENABLED": "0",
        # If disabled, `ray start` reports just that to Ray's makers: here it reports to a port without a listener.
        "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",
        # Every replica is started on purpose; idle workers in reserve would cost about 100 MB each.
        "RAY_prestart_worker_first_driver": "0",
        "RAY_enable_worker_prestart": "0",
        "RAY_raylet_start_wait_time_s": str(RAYLET_START_S),
        "RAY_DASHBOARD_STARTUP_TIMEOUT_S": str(DASHBOARD_START_S),
    }


def home(folder: Path) -> dict[str, str]:
    """Make a home directory for Ray's processes in `folder`.

    Without the file in it, Ray's dashboard asks the metadata services of three clouds whether it runs in one of them
    (`get_cluster_config_to_report`, 2.60): on a site without internet, a name that is looked for and never found.
    """
    made = folder / "home"
    made.mkdir(mode=0o700, exist_ok=True)
    (made / "ray_bootstrap_config.yaml").write_text("{}\n", encoding="ascii")
    return {"HOME": str(made)}


def ensure_secret(path: Path) -> None:
    """Write a random token of 256 bits, mode 0600, unless the file exists. An existing file must be private.

    Raises:
        ConfigError: it cannot be written, or `read_secret` refuses it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.create(path, secrets.token_hex(32).encode())
    except FileExistsError:
        pass  # Kept: the centre may hold a copy of it.
    except OSError as error:
        raise ConfigError(
            f"{path}: the token cannot be written ({error.strerror}); check the folder's rights"
        ) from error
    read_secret(path)


def _check_free(host: str, port: int, key: str) -> None:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a connection in TIME_WAIT is no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise StartFailed(
                f"{host}:{port} cannot be used ({error.strerror}); free it or set another {key} in the configuration"
            ) from error
