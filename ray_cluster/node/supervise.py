"""Supervises this machine's Ray node for `wayside-cluster up` and, on the head, the application on it.

    up ─┬─ ray start --block      until it ends: then everything here ends, and the unit starts it again
        └─ ray_cluster.serve.deployer on the head: deploys, follows `scale`, drains; started again by itself

This module imports no Ray and holds no state: facts needed after a crash are in `state_dir`.
"""

import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.config.processes import read_secret
from ray_cluster.errors import NotUp, StartFailed
from ray_cluster.node import ray_command
from ray_cluster.node.environment import ensure_secret, home
from ray_cluster.node.lease import shared
from ray_cluster.node.wait_ready import healthy

LOG = logging.getLogger(__name__)
LOCK: Final = "up.lock"
DEPLOYER: Final = (sys.executable, "-m", "ray_cluster.serve.deployer")
_STARTED: Final = "session_*/logs/ray_process_exit.log"
"""Log that `ray start --block` opens as soon as the head knows the node (2.60); no port shows that."""
_POLL_S: Final = 0.5
_AGAIN_S: Final = 3.0
"""Seconds between a deployer that ended and the next."""
_DRAIN_S: Final = 30.0
_STOP_S: Final = 15.0
_LETS_GO_S: Final = 15.0


def up(
    config: ClusterConfig, file: Path, announce: Callable[[str], None], *, deployer: Sequence[str] = DEPLOYER
) -> int:
    """Run until SIGTERM or SIGINT, then drain and stop. Exit code 1 if the node ended by itself.

    `announce` gets one line, once this machine has joined, and on the head once snapshots can come in.

    Raises:
        StartFailed: the machine is up already, a port is taken, a folder or file cannot be used.
        ArchiveInUse: another cluster works on this archive directory.
        ConfigError: a token file cannot be used.
    """
    node = ray_command.node_of(config)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if ray_command.is_head(config):
        ensure_secret(config.auth_token_file)
        ensure_secret(config.query_token_file)
    else:
        read_secret(config.auth_token_file)
    with _alone(node.state_dir), _archive(config):
        _check_ports(config)
        run = _fresh(ray_command.run_dir(config, os.environ.get("RUNTIME_DIRECTORY")))
        (node.state_dir / "gcs").mkdir(mode=0o700, exist_ok=True)
        environment = ray_command.environment(config, os.environ) | home(run)
        if not _head_answers(config, stop):
            return 0
        ray = _Node(config, run, environment)
        try:
            if ray_command.is_head(config):
                return _head(config, ray, [*deployer, str(file)], announce, stop)
            return _worker(config, ray, announce, stop)
        finally:
            ray.end()
            shutil.rmtree(run, ignore_errors=True)


class _Node:
    """Process of `ray start --block`, from its start to its end."""

    def __init__(self, config: ClusterConfig, run: Path, environment: dict[str, str]) -> None:
        command = ray_command.ray_start(config, run)
        self.environment = environment
        self.joined = False
        self._run = run
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603 - ours

    def poll(self) -> bool:
        """Check the node: False once it has ended; sets `joined` once the head knows it."""
        if (code := self._process.poll()) is not None:
            LOG.error(
                "this machine's node ended by itself (%d); Ray's own words above have the cause, and the unit starts it"
                " again: if it goes on, see with `uptime` and `free` what the machine lacks",
                code,
            )
            return False
        self.joined = self.joined or any(self._run.glob(_STARTED))
        return True

    def end(self) -> None:
        """End the node by SIGTERM, after a grace period by SIGKILL."""
        _end(self._process, _STOP_S)


def _head_answers(config: ClusterConfig, stop: threading.Event) -> bool:
    """Wait for the head, so that machines may be switched on in any order; False if `stop` came first."""
    host, _, port = ray_command.head_address(config).rpartition(":")
    is_announced = ray_command.is_head(config)
    while not ray_command.is_head(config) and not _listens(host, int(port)):
        if not is_announced:
            is_announced = True
            LOG.info("waiting for the head %s:%s", host, port)
        if stop.wait(_POLL_S):
            return False
    return True


def _worker(config: ClusterConfig, node: _Node, announce: Callable[[str], None], stop: threading.Event) -> int:
    is_announced = False
    while not stop.wait(_POLL_S):
        if not node.poll():
            return 1
        if node.joined and not is_announced:
            is_announced = True
            announce(f"joined {ray_command.head_address(config)}")
    LOG.info("stopping")
    return 0


def _head(
    config: ClusterConfig, node: _Node, command: Sequence[str], announce: Callable[[str], None], stop: threading.Event
) -> int:
    address = f"http://{config.query_host}:{config.query_port}"
    deploy: subprocess.Popen[bytes] | None = None
    is_announced = False
    wait_s = _POLL_S
    try:
        while not stop.wait(wait_s):
            wait_s = _POLL_S
            if not node.poll():
                return 1
            if deploy is None:
                if node.joined:
                    deploy = subprocess.Popen(command, env=node.environment, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
            elif deploy.poll() is not None:
                LOG.error("the deployer ended (%d); it is started again", deploy.returncode)
                deploy = None
                wait_s = _AGAIN_S
            elif not is_announced and healthy(address):
                is_announced = True
                announce(f"ready {address}")
        LOG.info("stopping: the intake takes no more, what it has is finished first")
        return 0
    finally:
        if deploy is not None:
            # Without its node there is no application to drain, and the deployer does not notice.
            _end(deploy, _DRAIN_S if stop.is_set() else _AGAIN_S)


def _end(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        LOG.warning("process %d did not end within %.0f s and is killed", process.pid, patience_s)
        process.kill()
        process.wait()


def holder(config: ClusterConfig) -> int:
    """Return the process id of the `up` with this configuration. Raises `NotUp`, `StartFailed`."""
    path = ray_command.node_of(config).state_dir / LOCK
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read(32))
    except (OSError, ValueError):
        pass  # it has never been up, or is about to be
    raise NotUp(f"{path}: nobody is up with this configuration")


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Hold the state directory; the lock file has our process id, for `down`."""
    path = state_dir / LOCK
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"{path}: {error.strerror}; check state_dir and its rights") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartFailed(f"{path}: it is up already; `wayside-cluster down` ends it") from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


@contextmanager
def _archive(config: ClusterConfig) -> Iterator[None]:
    """Hold the archive for this cluster on a machine that writes it."""
    if NodeRole.ARCHIVE not in ray_command.node_of(config).roles:
        yield
        return
    with shared(config.archive_dir, ray_command.head_address(config)):
        yield


def _fresh(run: Path) -> Path:
    """Empty the folder: remains of a killed node are of no use. Raises `StartFailed` if it is not ours."""
    try:
        run.mkdir(mode=0o700, exist_ok=True)
        if run.is_symlink() or run.stat().st_uid != os.getuid():
            raise StartFailed(f"{run}: somebody else's; remove it")
        for entry in run.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    except OSError as error:
        raise StartFailed(f"{run}: {error.strerror}; remove it") from error
    return run


def _check_ports(config: ClusterConfig) -> None:
    deadline_s = time.monotonic() + _LETS_GO_S
    for what, port in ray_command.ports(config).items():
        # Ray binds every address, even if it is given one. Agents of a node that was killed end a moment later.
        while _listens(config.node_address, port):
            if time.monotonic() < deadline_s:
                time.sleep(_POLL_S)
                continue
            raise StartFailed(
                f"{config.node_address}:{port} ({what}) is taken; end who listens there, or set first_port, gcs_port or"
                " dashboard_port"
            )


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0
