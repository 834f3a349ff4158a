"""Certificates, Mosquitto, the agent's configuration and the agent, in one folder and on loopback."""

import getpass
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from engines.catalog.catalog import default_models_dir
from provisioning.broker import config, mosquitto
from provisioning.contracts.config.processes import Broker, EdgeConfig
from provisioning.contracts.wire.topics import Role
from provisioning.files import durable, toml
from provisioning.pki.authority import new_key, private_pem, public_pem
from provisioning.pki.identities import BROKER, Identities, Identity

HOST: Final = "127.0.0.1"
AGENT: Final = "soak"
_START_S: Final = 180.0
_STOP_S: Final = 60.0


@dataclass(frozen=True)
class Running:
    """A process, and where its words go."""

    process: "subprocess.Popen[bytes]"
    log: Path


class Premises:
    """A context; leaving it ends what was started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._identities = Identities.create(folder / "pki")
        self._identities.issue(BROKER)
        self._port, self._services_port = free_ports(2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def identity(self, role: Role) -> Identity:
        """A service's certificate, to be used at the port of `section`."""
        return self._identities.issue(role.value)

    @property
    def services_port(self) -> int:
        """Where services come to."""
        return self._services_port

    def start_broker(self) -> Running:
        """Mosquitto, when it listens."""
        own = config.ListenAddress(HOST, self._port), config.ListenAddress(HOST, self._services_port)
        program = mosquitto.installed()
        listeners = config.Listeners(*own, getpass.getuser())
        file = config.write(self._folder / "broker", listeners, self._identities, program)
        running = self._start("broker", [str(program.path), "-c", str(file)])
        wait_for("the broker listens", lambda: all(_listens(port) for port in (self._port, self._services_port)))
        return running

    def start_agent(self, cameras: list[dict[str, Any]], **sections: Any) -> tuple[Running, EdgeConfig]:
        """`wayside-edge run`, when it is ready; `sections` of its configuration besides."""
        edge = EdgeConfig.model_validate(
            {
                "agent_id": AGENT,
                "broker": self._agents_section().model_dump(),
                "models_dir": default_models_dir(),
                "spool": {"directory": self._folder / "spool"},
                "heartbeat_s": 2.0,
                "cameras": cameras,
            }
            | sections
        )
        file = toml.write(self._folder / "agent.toml", edge)
        program = Path(sys.executable).parent / "wayside-edge"
        running = self._start("agent", [str(program), "run", "--config", str(file)])
        wait_for("the agent is ready", lambda: "ready" in running.log.read_text(errors="replace"))
        return running, edge

    def _agents_section(self) -> Broker:
        key = new_key()
        certificate = self._identities.sign_agent(AGENT, key.public_key())
        box = self._folder / "box"
        box.mkdir(mode=0o700)
        return Broker(
            host=HOST,
            port=self._port,
            ca_file=self._identities.services.ca_file,
            cert_file=durable.write(
                box / "agent.crt",
                public_pem(certificate) + self._identities.agents.chain_pem(),
                mode=durable.PUBLIC,
            ),
            key_file=durable.write(box / "agent.key", private_pem(key)),
        )

    def _start(self, name: str, command: list[str]) -> Running:
        log = self._folder / f"{name}.log"
        return Running(self._stack.enter_context(_process(command, log)), log)


@contextmanager
def _process(command: list[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with (
        log.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=file, stdin=subprocess.DEVNULL) as process,
    ):
        try:
            yield process
        finally:
            stop(process)


def stop(process: "subprocess.Popen[bytes]") -> int:
    """SIGTERM, and its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def wait_for(what: str, done: Callable[[], object], timeout_s: float = _START_S) -> None:
    """Look on until it is so.

    Raises:
        TimeoutError: it did not happen.
    """
    ends_s = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > ends_s:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        time.sleep(0.1)


def free_ports(number: int) -> list[int]:
    """That nobody listens on just now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(number)]
        return [int(probe.getsockname()[1]) for probe in probes]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
