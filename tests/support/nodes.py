"""Several machines of a cluster on this one: 127.0.0.2, .3 …, each a `wayside-cluster up` in a session of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engines.catalog.catalog import default_models_dir
from ray_cluster.node.environment import ensure_secret
from tests.support.ports import free_port, free_range
from tests.support.premises import Site
from tests.support.waiting import LONG_S, until

ROOT = Path(__file__).parents[2]
_RUN = "import sys; from tests.support.nodes import main; main(sys.argv[1])"
REPLICA = "ray::ServeReplica:wayside:"


def main(file: str) -> None:
    """`wayside-cluster up` with the stubbed deployer."""
    from provisioning.contracts.config.cluster import ClusterConfig  # noqa: PLC0415 - only in the child
    from provisioning.contracts.config.processes import load  # noqa: PLC0415
    from ray_cluster.errors import StartFailed  # noqa: PLC0415
    from ray_cluster.log import log_to_stderr  # noqa: PLC0415
    from ray_cluster.node import ray_command  # noqa: PLC0415
    from ray_cluster.node.supervise import up  # noqa: PLC0415

    log_to_stderr()
    ray_start = ray_command.ray_start
    # Four log monitors would be a third of what starting four nodes costs; replicas' lines stay in Ray's own folder.
    ray_command.ray_start = lambda config, run: [*ray_start(config, run), "--include-log-monitor", "false"]
    deployer = [sys.executable, "-m", "tests.support.stub_deployer"]
    settings = load(ClusterConfig, Path(file))
    while True:
        try:
            if not up(settings, Path(file), _say, deployer=deployer):
                return
        except StartFailed as error:
            _say(str(error))
        # As the unit does. Ray gives a node 30 s to start, which is not always enough on a busy machine.
        time.sleep(2)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Machines:
    """The first is the head. `roles` by number of the address' last byte. `tree` is the release that they run."""

    tree: Path = ROOT

    def __init__(self, site: Site, roles: Mapping[int, Sequence[str]], **tables: Any) -> None:
        self._site = site
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.head = min(roles)
        # Seven ports and a hundred for workers each, and none of them among those that follow.
        first = free_range(100 + 100 * len(roles))[0]
        common = {
            "models_dir": str(default_models_dir()),
            "archive_dir": str(site.root / "archive"),
            "gcs_port": free_port(),
            "dashboard_port": free_port(),
            "query_port": free_port(),
            "dashboard": False,
            "object_store_mb": 80,
            "auth_token_file": str(site.root / "ray-token"),
            "query_token_file": str(site.root / "query-token"),
            "broker": site.broker_table("cluster"),
            **tables,
        }
        self.configs: dict[int, Path] = {}
        for index, (number, names) in enumerate(roles.items()):
            node = {
                "state_dir": str(site.root / f"node-{number}"),
                "roles": list(names),
                "first_port": first + 7 * index,
                "worker_ports": [first + 100 + 100 * index, first + 199 + 100 * index],
            }
            if number != self.head:
                node["head_address"] = f"127.0.0.{self.head}"
            content = {**common, "node_address": f"127.0.0.{number}", "node": node}
            self.configs[number] = site.write_toml(f"node-{number}", content)
        ensure_secret(site.root / "ray-token")
        self._mark = f"RAY_AUTH_TOKEN_PATH={site.root / 'ray-token'}".encode()

    def start(self, number: int) -> None:
        """As its unit would, in a folder without modules: Ray's workers import from it too. Returns at once."""
        environment = os.environ | {"PYTHONPATH": str(self.tree)}
        with self._site.log(f"node-{number}").open("ab") as log:
            self._processes[number] = subprocess.Popen(
                [sys.executable, "-c", _RUN, str(self.configs[number])],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=environment,
                cwd=self._site.root,
            )  # fmt: skip

    def start_all(self, timeout_s: float = 120) -> None:
        """Until snapshots can come in. One after the other: Ray's raylet gives its agents 15 s, whatever the load."""
        self.start(self.head)
        for number in self.configs:
            if number != self.head:
                self.start(number)
                self._wait_joined(number, timeout_s)
        self.wait_ready(timeout_s)

    def _wait_joined(self, number: int, timeout_s: float) -> None:
        name = f"node-{number}"
        until(lambda: "joined" in self._site.text(name), f"{name} has joined", patience_s=timeout_s)

    def wait_ready(self, timeout_s: float, *, times: int = 1) -> None:
        """Until the head has said `ready` so many times."""
        name = f"node-{self.head}"
        until(lambda: self._site.text(name).count("ready http") >= times, "the cluster is ready", patience_s=timeout_s)

    def kill(self, number: int) -> None:
        """The machine is gone: `up`, its raylet, its agents and its replicas, all at once and without a word."""
        process = self._processes.pop(number)
        workers = self._workers(number)
        os.killpg(process.pid, signal.SIGKILL)
        for pid in workers:
            _kill(pid)
        process.wait(timeout=LONG_S)

    def down(self, number: int) -> int:
        """SIGTERM and the exit code."""
        process = self._processes.pop(number)
        process.terminate()
        return process.wait(timeout=LONG_S)

    def replicas(self, deployment: str) -> dict[int, int]:
        """Process ids of a deployment's replicas, with the number of the machine that each is on."""
        found = {}
        for pid in self._ours():
            if _title(pid).startswith(f"{REPLICA}{deployment}"):
                found[pid] = self._machine(pid)
        return found

    def kill_replica(self, deployment: str) -> int:
        """`kill -9` one. Returns its process id."""
        pid = next(iter(self.replicas(deployment)))
        _kill(pid)
        return pid

    def processes(self, number: int) -> list[int]:
        """Everything of one machine: `up`, Ray's own, and replicas."""
        return [self._processes[number].pid, *self._workers(number)]

    def close(self) -> None:
        """Nothing of it is left."""
        for number in list(self._processes):
            self.kill(number)
        kill_marked(self._mark)

    def _ours(self) -> list[int]:
        """Everything that Ray runs for this cluster: the environment tells."""
        return marked(self._mark)

    def _workers(self, number: int) -> list[int]:
        return [pid for pid in self._ours() if self._machine(pid) == number]

    def _machine(self, pid: int) -> int:
        """By the raylet that is its parent, or its parent's parent; 0 for none of ours."""
        for _ in range(4):
            for number in self.configs:
                if f"--node_ip_address=127.0.0.{number}" in _title(pid):
                    return number
            pid = _parent(pid)
            if pid <= 1:
                break
        return 0


def marked(mark: bytes) -> list[int]:
    """Process ids of all others that have these bytes in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
    return found


def kill_marked(mark: bytes) -> None:
    """Kill them, and those that they start meanwhile."""
    deadline_s = time.monotonic() + 10
    while (left := marked(mark)) and time.monotonic() < deadline_s:
        for pid in left:
            _kill(pid)
        time.sleep(0.2)


def _title(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _parent(pid: int) -> int:
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
