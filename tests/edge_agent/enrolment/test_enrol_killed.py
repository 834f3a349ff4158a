"""`kill -9` at every touch of the disk or the network: the same command run again finishes, and nothing is half done.

enrol in a process of its own, which ends itself at the n-th event that the interpreter reports
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.identity import Identity
from provisioning.contracts.config.processes import EdgeConfig, load
from tests.edge_agent.enrolling import CODE_2, content, run
from tests.edge_agent.enrolment_service import AGENT, SITE, EnrolmentService, now_ms

PROGRAM = """
import io, json, os, signal, sys
from pathlib import Path
from edge_agent.clock import SystemClock
from edge_agent.enrolment.enrol import enrol
from edge_agent.enrolment.request import EnrolmentOrder, read_bundle

TOUCHES = {"open", "os.mkdir", "os.rename", "os.remove", "os.chmod", "os.listdir", "os.scandir", "fcntl.flock",
           "tempfile.mkstemp", "socket.connect"}

def end_at(left, folder):
    def touched(event, arguments):
        nonlocal left
        everywhere = event in {"fcntl.flock", "socket.connect"}
        if event in TOUCHES and (everywhere or any(str(each).startswith(folder) for each in arguments)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(touched)

for line in sys.stdin:
    wish = json.loads(line)
    child = os.fork()
    if child == 0:
        bundle = read_bundle(io.BytesIO(wish["bundle"].encode()))
        end_at(wish["at"], wish["folder"])
        order = EnrolmentOrder.of(bundle)
        enrol(order, Path(wish["folder"]), lambda _: bundle.code, SystemClock(), again=wish["again"])
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
MANY = 30
"""At so many places at least an enrolment must have been killed, or the test tests nothing."""


class Killer:
    """Enrols in processes that die at the n-th touch. They are forked from one, which has imported everything."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def kill(self, bundle: str, folder: AgentFolder, at: int, *, again: bool = False) -> bool:
        """Whether it was killed before it had finished."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wish = {"bundle": bundle, "folder": str(folder.path), "at": at, "again": again}
        print(json.dumps(wish), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        assert code in {0, -9}
        return code == -9


@pytest.fixture
def killer() -> Iterator[Killer]:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Killer(process)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


def whole(folder: AgentFolder) -> EdgeConfig:
    Identity.load(folder.identity, folder.identity).require(AGENT, now_ms())
    names = {"agent.pem", "agent.toml", "ca.crt", "enrol.lock", "owner.json", "seal.pub", "secrets.key"}
    assert set(content(folder)) - {"agent.toml.old"} == names
    return load(EdgeConfig, folder.config)


def test_the_first_enrolment(service: EnrolmentService, killer: Killer, tmp_path: Path) -> None:
    for at in range(1, 300):
        folder = AgentFolder(tmp_path / f"box-{at}")
        service.spent.clear()
        was_killed = killer.kill(service.bundle(), folder, at)
        if folder.config.exists():  # a folder that has a configuration is whole, but for a key that waits no more
            Identity.load(folder.identity, folder.identity).require(AGENT, now_ms())
            load(EdgeConfig, folder.config)
        run(service, folder)
        assert whole(folder).broker.host == "broker.example"
        assert folder.secrets_key().public == service.secrets[AGENT]
        if not was_killed:
            break
    assert MANY < at < 299


def test_enrolling_again(service: EnrolmentService, killer: Killer, tmp_path: Path) -> None:
    service.codes[CODE_2] = (SITE, AGENT)
    for at in range(1, 300):
        folder = AgentFolder(tmp_path / f"box-{at}")
        service.spent.clear()
        service.be.change = lambda answer: answer
        run(service, folder)
        service.be.change = lambda answer: answer.model_copy(update={"broker_host": "new.example"})
        was_killed = killer.kill(service.bundle(code=CODE_2), folder, at, again=True)
        Identity.load(folder.identity, folder.identity).require(AGENT, now_ms())
        load(EdgeConfig, folder.config)  # at no moment is the agent without either
        if was_killed:
            run(service, folder, code=CODE_2, again=True)
        assert whole(folder).broker.host == "new.example"
        assert folder.identity.read_bytes().startswith(service.issued[-1])
        if not was_killed:
            break
    assert MANY < at < 299
