"""A street on one machine: two simulated cameras, and every real process, on loopback.

    film ── rtsp server ── edge agent ── Mosquitto ── cluster (Ray) ── centre ── browser

Nothing is imported from those processes; they are started like anybody would, from configuration files.
"""

import getpass
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning import broker
from provisioning.authority import Authority
from provisioning.contracts.archive import ArchiveStatus
from provisioning.contracts.config import Section, read_secret
from provisioning.contracts.topics import Role
from provisioning.demo import configuration, footage, ports, rtsp_server, site_plan
from provisioning.demo.centre import USER, Centre
from provisioning.demo.children import Child, Children
from provisioning.demo.ledger import AgentLedger
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import State
from provisioning.demo.web import Site
from provisioning.errors import DemoError

SYSTEM_PYTHON: Final = "/usr/bin/python3"
"""Only Debian's own python3 sees Debian's `gi`."""
_SETUP: Final = "run: bin/setup demo"
_POLL_S: Final = 0.25
_START_S: Final = 30.0
"""Broker and cameras take less than a second; a busy machine has time here."""


class Street:
    """Every process of the street, and what it says of itself."""

    def __init__(self, state: State, children: Children, models_dir: Path, narrator: Narrator) -> None:
        """Nothing is started yet. `children` owns what will be."""
        self._state = state
        self._children = children
        self._models_dir = models_dir
        self._say = narrator.say
        self._ports = ports.choose()
        self._cameras: Child | None = None
        self._entered = False
        self.centre = Centre(f"http://{site_plan.HOST}:{self._ports.console}")
        self._query_url = f"http://{site_plan.HOST}:{self._ports.query}"

    def prepare(self) -> dict[str, Path]:
        """Fetch models and film and encode the film, where that is not done yet. Returns footage by camera."""
        footage.fetch(self._children, self._models_dir)
        self._say("models and film are here")
        films = {
            camera: footage.prepare(self._children, self._models_dir, self._state.folder("footage"), codec)
            for camera, codec in site_plan.CAMERAS.items()
        }
        codecs = " and ".join(codec.upper() for codec in site_plan.CAMERAS.values())
        self._say(f"film is encoded as {codecs}, one keyframe every {footage.GOP} pictures")
        return films

    def start(self, films: dict[str, Path]) -> None:
        """Start every process. Broker and cameras listen when this returns, the others are on their way.

        Raises:
            DemoError: one is missing, dies, or does not listen in time.
        """
        if moved := self._ports.moved():
            self._say(f"usual ports are taken, using instead: {', '.join(moved)}")
        authority = Authority(self._state.folder("pki"))
        broker_started = self._start_broker(authority)
        self._cameras = self._start_cameras(films)
        self._wait(f"broker listens on port {self._ports.broker}, mutual TLS only", broker_started)
        # The slowest starts first; all three find one another by themselves, whoever is first.
        models = self._models_dir
        identity = authority.issue_role(Role.CLUSTER)
        # Written here, so that none of the processes that need it must wait for another to write it.
        self._state.new_secret("query-token")
        self._start("cluster", site_plan.cluster(self._state, self._ports, identity, models), grace_s=40.0)
        self._start("center", site_plan.center(self._state, self._ports, authority.issue_role(Role.CENTER)))
        identity = authority.issue_agent(site_plan.AGENT)
        self._start("edge", site_plan.edge(self._state, self._ports, identity, models), grace_s=20.0)

    def try_to_enter(self) -> bool:
        """Once the centre answers: make the administrator, log in, and say how a person gets in."""
        if not self.centre.is_up():
            return False
        password_file = self._state.new_secret("administrator-password")
        self.centre.enter(self._state.folder("center") / "setup-code", password_file)
        self._say(f"console: {self.centre.url}  (user: {USER}, password in {password_file})")
        self._entered = True
        return True

    def has_rows(self) -> bool:
        """Whether the centre's API serves a row; not asked before both are there, since each question is audited."""
        return self._entered and self.cluster_is_up() and self.centre.has_rows()

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs, one file each."""
        return self._state.folder("log")

    def cluster_is_up(self) -> bool:
        """Whether the cluster takes pictures and answers questions."""
        return Site(self._query_url).is_up("/health")

    def has_snapshot(self) -> bool:
        """Whether the agent has put a redacted picture into its spool; it says so once for each camera."""
        return b" first snapshot camera=" in (self.logs / "edge.log").read_bytes()

    def stop_cameras(self) -> None:
        """The agent sees its cameras go, selects nothing more, and sends what it has."""
        if self._cameras is not None:
            self._children.stop(self._cameras)

    def agent_ledger(self) -> AgentLedger:
        """The agent's own count, asked of its own command.

        Raises:
            DemoError: it does not answer, or not as agreed.
        """
        program = footage.program_path("wayside-edge")
        command: list[str | Path] = [program, "ledger", "--config", self._file("edge"), "--json"]
        log = self._children.run("edge-ledger", command, remedy="see the log of edge")
        try:
            return AgentLedger.model_validate_json(log.read_bytes().strip().rpartition(b"\n")[2])
        except ValidationError as error:
            raise DemoError(f"{log}: wayside-edge printed no ledger ({error.error_count()} faults)") from error

    def archive_status(self) -> ArchiveStatus:
        """The archive's own count.

        Raises:
            DemoError: it does not answer.
        """
        token = read_secret(self._state.secret("query-token"))
        return ArchiveStatus.model_validate_json(Site(self._query_url, token=token).get("/status"))

    def _start_broker(self, authority: Authority) -> Callable[[], bool]:
        listener = broker.Listener(site_plan.HOST, self._ports.broker, authority.issue_broker(), getpass.getuser())
        file = broker.write(self._state.folder("broker"), listener)
        self._children.start("broker", [_debian_program(broker.PROGRAM), "-c", file], remedy=_SETUP)
        return lambda: ports.answers(site_plan.HOST, self._ports.broker)

    def _start_cameras(self, films: dict[str, Path]) -> Child:
        mounts = [part for camera, film in films.items() for part in ("--mount", f"{camera}={film}")]
        command: list[str | Path] = [SYSTEM_PYTHON, rtsp_server.__file__, "--port", str(self._ports.rtsp), *mounts]
        cameras = self._children.start("cameras", command, remedy=_SETUP)
        # One line of JSON is its word that it listens.
        said = f"cameras {' and '.join(films)} listen on port {self._ports.rtsp}"
        self._wait(said, lambda: b'{"port":' in cameras.log.read_bytes())
        return cameras

    def _start(self, name: str, document: Section, *, grace_s: float = 10.0) -> None:
        program = footage.program_path(f"wayside-{name}")
        file = configuration.write(self._file(name), document)
        self._children.start(name, [program, "run", "--config", file], remedy="see its log", grace_s=grace_s)

    def _file(self, name: str) -> Path:
        return self._state.folder("configuration") / f"{name}.toml"

    def _wait(self, said: str, ready: Callable[[], bool]) -> None:
        for _ in range(round(_START_S / _POLL_S)):
            if ready():
                self._say(said)
                return
            self._children.pause(_POLL_S)
        raise DemoError(f"waited {_START_S:.0f} s in vain until: {said}; the logs in {self.logs} may say why")


def _debian_program(name: str) -> str:
    # Mosquitto is in /usr/sbin, which is not in every user's PATH.
    path = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))
    if path is None:
        raise DemoError(f"{name} is not installed; {_SETUP}, or: apt-get install {name}")
    return path
