"""Certificates and a real Mosquitto on loopback, which can be killed and restarted empty."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path

from provisioning.broker import config as broker
from provisioning.contracts.config import processes
from provisioning.contracts.wire.topics import Role
from provisioning.pki.identities import CLIENTS, Identity
from tests.support import mosquittos
from tests.support.pki import Pki
from tests.support.ports import free_ports
from tests.support.waiting import LONG_S, until


def listens(port: int) -> bool:
    """Whether somebody accepts on loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Exchange:
    """One broker with both listeners, and whoever may come to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "broker"
        self.pki = Pki(folder / "pki")
        self.port, self.services_port = free_ports(2)
        self.log = folder / "broker.log"
        self._identities: dict[str, Identity] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def identity(self, name: str) -> Identity:
        """The certificate of an agent, or of a service by its role; issued once."""
        if name not in self._identities:
            issue = self.pki.issue if name in CLIENTS else self.pki.issue_agent
            self._identities[name] = issue(name)
        return self._identities[name]

    def port_of(self, name: str) -> int:
        """Where the owner of this certificate may come to."""
        return self.services_port if name in CLIENTS else self.port

    def section(self, name: str | Role, *, identity: Identity | None = None) -> processes.Broker:
        """The `[broker]` table of whoever goes by this name, or shows another's certificate."""
        shown = identity or self.identity(name)
        return processes.Broker(
            host="127.0.0.1",
            port=self.port_of(name),
            ca_file=shown.ca_file,
            cert_file=shown.cert_file,
            key_file=shown.key_file,
        )

    def start(self) -> None:
        """Start it, and wait until both listeners accept."""
        command = self.command()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: listens(self.port) and listens(self.services_port))

    def reload(self) -> None:
        """SIGHUP, with the newest lists."""
        assert self._process is not None
        self.command()
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """SIGTERM: it keeps what it holds."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONG_S)
            self._process = None

    def kill(self) -> None:
        """`kill -9`, and everything it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(LONG_S)
            self._process = None
        shutil.rmtree(self.folder / broker.DATA, ignore_errors=True)

    def command(self) -> list[str | Path]:
        """Its files, written as they are rendered today, and what starts it with them."""
        program, listeners = mosquittos.installed(), self.pki.listeners(self.port, self.services_port)
        return [program.path, "-c", broker.write(self.folder, listeners, self.pki.identities, program)]
