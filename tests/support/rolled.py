"""A site of many agents in one process, to roll configurations out to: real spools, publishers and configurators.

```
home ─ publisher ─▶ Mosquitto ◀─▶ agents (threads)
                      ▲   └──▶ archive
```

Cameras and redaction are played. Archives of any version, which hold next to nothing, are made here too.
"""

import itertools
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge_agent.capture.camera_capture import Capture
from edge_agent.clock import SystemClock
from edge_agent.config_runner import Configurator
from edge_agent.errors import Unreachable
from edge_agent.frames import Glance, Redact, Skipped
from edge_agent.spool import ledger
from edge_agent.uplink.mqtt import PahoLink
from provisioning.broker import config as broker
from provisioning.broker import process as broker_process
from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import Ledger
from provisioning.contracts.wire.topics import Role
from provisioning.files import durable
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.pki.authority import private_pem
from provisioning.pki.identities import Identity
from provisioning.release.archive import Release, load_key, new_key, pack
from tests.edge_agent.world import GreyRedactor, edge_config, glance
from tests.provisioning.serving import HOST, SITE
from tests.support import office
from tests.support.exchange import listens
from tests.support.waiting import LONG_S, until

BASE = '{"heartbeat_s":0.5,"selector":{"change_threshold":0,"max_per_second":0.5}}'
"""Settings that every agent has from its beginning: at the default pace a scenario would take minutes."""


class FlakyCamera:
    """Gives up where it has less than half a second to answer, unless it is a quick one."""

    _numbers = itertools.count()

    def __init__(self, camera: processes.Camera) -> None:
        assert isinstance(camera.source, processes.RtspSource)
        self._id = camera.id
        is_quick = camera.source.url.startswith("rtsp://quick")
        self._answers = is_quick or camera.source.connect_timeout_s >= 0.5

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        if not self._answers:
            raise Unreachable(self._id, OTHER(detail="does not answer in time"))
        clock = SystemClock()
        while not stop.wait(0.3):
            yield glance(next(self._numbers), camera_id=self._id, at_ms=clock.now_ms())


@dataclass
class Machine:
    """One box with its agent."""

    agent_id: str
    edge: processes.EdgeConfig
    configurator: Configurator | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        clock, edge = SystemClock(), self.edge

        def redactor(_: processes.EdgeConfig, camera: processes.Camera) -> Redact:
            return GreyRedactor(camera, edge.agent_id)

        self._stop = threading.Event()
        self.configurator = made = Configurator(
            edge,
            lambda _: redactor,
            partial(PahoLink, edge.broker, edge.agent_id, is_enrolled=True),
            clock,
            software="wayside-edge 1.0",
            open_capture=lambda camera, _: Capture(camera, FlakyCamera(camera), clock),
        )
        made.start()
        self._thread = threading.Thread(target=made.run, args=(self._stop.is_set,))
        self._thread.start()

    def stop(self) -> None:
        if self.configurator is not None and self._thread is not None:
            self._stop.set()
            self._thread.join(LONG_S)
            assert not self._thread.is_alive()
            self.configurator.stop()
            self.configurator = None

    def cameras_work(self) -> bool:
        made = self.configurator
        return made is not None and [each.state.value for each in made.statuses()] == ["online"]

    def ledger(self) -> Ledger:
        assert self.configurator is not None
        return ledger.total(self.configurator._lasting.spool.ledgers())


class Place:
    """Where an `Archive` comes to."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.services_port = home.config.services_port

    def identity(self, name: Role) -> Identity:
        return self._home.identities.identity(name.value)


class Releases:
    """A key, and archives of any version that hold next to nothing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = load_key(new_key(folder))
        self.public = folder / "release.pub"

    def archive(self, version: str, *, role: str = "edge", arch: str = "", ballast: int = 100_000) -> Path:
        tree = self._folder / f"tree-{version}-{role}-{arch}"
        tree.mkdir(exist_ok=True)
        (tree / "ballast").write_bytes(version.encode() * (ballast // len(version)))
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        told = Release(role, version, arch or platform.machine(), python, f"wayside=={version}", ("wayside-edge",))
        return pack(told, tree, self._key, self._folder / f"dist-{version}-{role}-{arch}")


def machine(home: Home, folder: Path, number: int) -> Machine:
    """An enrolled agent with one camera; only the first one's is quick."""
    agent_id, box = f"cabinet-{number:02}", office.Box()
    place = folder / agent_id
    place.mkdir()
    certificate = office.enrol(home, agent_id, box, site_id=SITE)
    camera_id = f"{agent_id}-gate"
    url = f"rtsp://{'quick' if number == 0 else 'slow'}.invalid/1"
    home.plans.put_cameras(agent_id, [CameraRecord(agent_id, camera_id, "", url, None, None, None, None)], replace=True)
    with home.rollouts.writing() as page:
        page.put_setting(agent_id, BASE)
    pem = durable.write(place / "agent.pem", certificate.pem.encode() + private_pem(box.key))
    durable.write(place / "seal.pub", home.seal_key.seal.key.encode())
    edge = edge_config(
        place,
        agent_id=agent_id,
        broker={
            "host": HOST,
            "port": home.config.agents_port,
            "ca_file": home.identities.services.ca_file,
            "cert_file": pem,
            "key_file": pem,
        },
        provisioning={
            "host": HOST,
            "port": home.config.enrolment_port,
            "seal_key_file": place / "seal.pub",
            "secrets_key_file": place / "secrets.key",
            "documents_dir": place / "documents",
            "probation_s": 15.0,
            "settle_s": 0.3,
        },
        streams={"own_process": False},
    )
    return Machine(agent_id, edge)


def start_broker(program: Mosquitto, home: Home) -> "subprocess.Popen[bytes]":
    """Mosquitto as a home configures it."""
    file = broker.write(home.directory / "broker", broker_process.listeners(home), home.identities, program)
    process = subprocess.Popen([program.path, "-c", file], stderr=subprocess.DEVNULL)
    until(lambda: listens(home.config.agents_port) and listens(home.config.services_port))
    return process
