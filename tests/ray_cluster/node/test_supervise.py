"""`up` over stand-ins for Ray and the deployer: in which order they come and go, and what ends it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_range
from tests.support.waiting import LONG_S, until

ROOT = Path(__file__).parents[3]
NODE = """
import pathlib, signal, sys, time
def ended(*_): print("node ends", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, ended)
logs = pathlib.Path(sys.argv[1]) / "session_1" / "logs"
logs.mkdir(parents=True)
(logs / "ray_process_exit.log").touch()
print("node", flush=True)
while True: time.sleep(60)
"""
DEPLOYER = """
import signal, sys, time, os
def ended(*_): print("drained", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, ended)
print("deployer", os.getpid(), flush=True)
while True: time.sleep(60)
"""
UP = """
import sys
from pathlib import Path
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load
from ray_cluster.log import log_to_stderr
from ray_cluster.node import ray_command, supervise as module
log_to_stderr()
file, node, deployer = sys.argv[1:]
def stand_in(config, run):
    return [sys.executable, "-c", node, str(run)]
ray_command.ray_start = stand_in
module.healthy = lambda address: True
module._AGAIN_S = 0.1
end = module._end
module._end = lambda process, _: end(process, 3600)  # none is killed because the machine is slow
say = lambda line: print(line, flush=True)
sys.exit(module.up(load(ClusterConfig, Path(file)), Path(file), say, deployer=[sys.executable, "-c", deployer]))
"""


class Machine:
    """One `up` in a process of its own."""

    def __init__(self, root: Path, node: str) -> None:
        first = free_range(21).start
        self.file = root / "cluster.toml"
        self.file.write_text(
            f'models_dir = "m"\narchive_dir = "a"\nauth_token_file = "t"\nquery_token_file = "q"\ndashboard = false\n'
            f'gcs_port = {first + 20}\n[broker]\nhost = "h"\nca_file = "c"\ncert_file = "c"\nkey_file = "k"\n'
            f'[node]\nstate_dir = "node"\nfirst_port = {first}\n{node}'
        )
        self.log = root / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", UP, str(self.file), NODE, DEPLOYER], stdout=log, stderr=log, cwd=ROOT
            )

    def says(self, text: str, times: int = 1) -> None:
        until(lambda: self.log.read_text().count(text) >= times, f"{text!r} is said")

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(LONG_S)


@pytest.fixture
def head(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path, "")
    yield machine
    machine.end()


def test_the_head_deploys_onto_its_node_and_drains_before_the_node_ends(head: Machine) -> None:
    head.says("ready http://127.0.0.1:8100")
    head.says("deployer ")  # it hears SIGTERM from now on
    assert head.end() == 0
    lines = [line for line in head.log.read_text().splitlines() if line.split()[0] in {"node", "deployer", "drained"}]
    assert [line.split()[0] for line in lines] == ["node", "deployer", "drained", "node"]


def test_down_ends_it_and_a_second_up_is_refused(head: Machine) -> None:
    head.says("ready")
    command = [sys.executable, "-m", "ray_cluster"]
    again = subprocess.run(
        [*command, "up", "--config", str(head.file)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (again.returncode, "already" in again.stderr) == (2, True)
    done = subprocess.run([*command, "down", "--config", str(head.file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "down\n")
    assert head.process.wait(LONG_S) == 0


def test_a_deployer_that_ends_is_started_again(head: Machine) -> None:
    head.says("deployer")
    os.kill(int(head.log.read_text().split("deployer ")[1].split()[0]), signal.SIGKILL)
    head.says("deployer ", times=3)  # once it says so, twice it starts
    assert head.end() == 0


def test_a_node_that_ends_by_itself_ends_up_with_one(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "")
    machine.says("ready")
    machine.says("deployer ")  # it hears SIGTERM from now on
    children = Path(f"/proc/{machine.process.pid}/task/{machine.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert machine.process.wait(LONG_S) == 1
    machine.says("drained")


def test_a_worker_waits_for_its_head_and_can_be_ended_while_it_does(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("secret")
    (tmp_path / "t").chmod(0o600)
    machine = Machine(tmp_path, 'head_address = "127.0.0.9"\n')
    machine.says("waiting for the head 127.0.0.9")
    assert machine.end() == 0
    assert "node\n" not in machine.log.read_text()
