"""Runs a street on one machine: simulated cameras, and every real process, on loopback.

    film ── rtsp server ──┬─ edge agent ── Mosquitto ── cluster (Ray) ── centre ── browser
    film ── GB/T 28181 ───┘ with --gb28181: a device that registers
    film ── wayside-edge ingest ── desk of a second agent, in a showing without an end

Nothing is imported from those processes; they are started by their commands, from configuration files.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.contracts.config.processes import Section, read_secret
from provisioning.contracts.query.archive import ArchiveStatus
from provisioning.demo import district, footage, site_plan
from provisioning.demo.centre import USER, Centre
from provisioning.demo.children import Child, Children
from provisioning.demo.district import PlannedCamera
from provisioning.demo.ledger import AgentLedger
from provisioning.demo.narrator import Narrator
from provisioning.demo.office import Office
from provisioning.demo.simulators import rtsp_server
from provisioning.demo.state import DemoFolder
from provisioning.demo.web import WebClient
from provisioning.errors import DemoError
from provisioning.files import durable, toml

SYSTEM_PYTHON: Final = shutil.which("camera-python") or "/usr/bin/python3"
"""`camera-python` comes from bin/debian-here, on systems whose own packages lack GStreamer."""
"""Only Debian's own python3 sees Debian's `gi`."""
_SETUP: Final = "run: bin/setup demo"
_DEVICE_RETRY_S: Final = "2"
_DEVICE_REPORT_S: Final = "60"
_POLL_S: Final = 0.25
_START_S: Final = 30.0
"""Limit of starting. Broker and cameras take less than a second; a busy machine has time here."""


class Street:
    """Every process of the street, with their reports."""

    def __init__(
        self,
        state: DemoFolder,
        children: Children,
        models_dir: Path,
        narrator: Narrator,
        *,
        with_device: bool = False,
        planned: Sequence[PlannedCamera] = district.MEASURED,
        plays_crossing: bool = False,
    ) -> None:
        """Starts nothing yet. `children` owns the processes. `with_device`: one camera's device registers.

        `planned`: cameras of the agent `STREET`. `plays_crossing`: the RTSP server also plays the camera of the agent
        `MILL` (`open_mill`).
        """
        self._state = state
        self._children = children
        self._models_dir = models_dir
        self._say = narrator.say
        self.office = Office(state, children, models_dir)
        self.ports = self.office.ports()
        self._planned = tuple(planned)
        self._served = (*self._planned, district.CROSSING) if plays_crossing else self._planned
        """Cameras that the RTSP server plays."""
        own = {camera.id: camera.codec for camera in self._served}
        self.cameras: Mapping[str, str] = own | (site_plan.REGISTERING if with_device else {})
        """Codec by camera id."""
        self._with_device = with_device
        self._senders: list[Child] = []
        """Processes that play a camera."""
        self._entered = False
        self.centre = Centre(f"http://{site_plan.HOST}:{self.ports.console}")
        self._query_url = f"http://{site_plan.HOST}:{self.ports.query}"

    def prepare(self) -> dict[str, Path]:
        """Fetches models and film and encodes the film, unless that is done. Returns footage by camera."""
        if footage.fetch(self._children, self._models_dir):
            self._say("models and films are here")
        else:
            self._say("models are here; of the films some could not be fetched, and the street goes on without them")
        wanted = {camera.id: camera.film for camera in self._served}
        wanted |= {camera: footage.CYCLIST for camera in self.cameras if camera not in wanted}
        films = {
            camera: footage.prepare(self._children, film, self._state.folder("footage"), self.cameras[camera])
            for camera, film in footage.choose(self._models_dir, wanted, self._say).items()
        }
        codecs = " and ".join(dict.fromkeys(codec.upper() for codec in self.cameras.values()))
        self._say(f"films are encoded as {codecs}, one keyframe every {footage.GOP} pictures")
        return films

    def start(self, films: dict[str, Path]) -> None:
        """Starts every process. Broker and cameras listen when this returns, the others are still starting.

        Raises:
            DemoError: one is missing, dies, or does not listen in time.
        """
        if moved := self.ports.moved():
            self._say(f"usual ports are taken, using instead: {', '.join(moved)}")
        password = self._state.new_secret("camera-password")
        # Written here, so that none of the processes that need it must wait for another to write it.
        self._state.new_secret("query-token")
        self.office.open(self.ports)
        # The slowest starts first; all find one another by themselves, in any order.
        self._start("cluster", site_plan.cluster(self._state, self.ports, self._models_dir), grace_s=40.0)
        self.office.start_broker()
        self._wait(f"broker listens on port {self.ports.broker}, mutual TLS only", self.office.broker_is_up)
        outlines = self._state.folder("configuration") / site_plan.MAP_FILE
        durable.write(outlines, json.dumps(district.outlines()).encode())
        self._start("center", site_plan.center(self._state, self.ports))
        self._senders.append(self._start_cameras({camera.id: films[camera.id] for camera in self._served}, password))
        self.office.start_service()
        self._wait(f"enrolment listens on port {self.ports.enrolment}", self.office.service_is_up)
        sip_port = self.office.sip_port() if self._with_device else None
        self.office.provision(password, sip_port, cameras=self._planned)
        self._say(f"agent {site_plan.AGENT} is enrolled and has its cameras' list")
        command: list[str | Path] = [footage.program_path("wayside-edge"), "run", "--config", self.office.agent_file]
        self._children.start("edge", command, remedy="see its log", grace_s=20.0)
        if sip_port is not None:
            for camera in site_plan.REGISTERING:
                self._senders.append(self._start_device(camera, films[camera], sip_port, password))

    def open_mill(self) -> None:
        """Enrols and starts the agent with the line, the zone, the lane and the desk."""
        self.office.open_mill(self._state.secret("camera-password"))
        command: list[str | Path] = [footage.program_path("wayside-edge"), "run", "--config", self.office.mill_file]
        self._children.start("mill", command, remedy="see its log", grace_s=20.0)
        self._say(f"agent {district.MILL} is enrolled: a line, a zone, a lane, and a desk on port {self.ports.desk}")

    def try_to_enter(self) -> bool:
        """Logs in once the centre answers, as a new administrator, and prints address and password file."""
        if not self.centre.is_up():
            return False
        password_file = self._state.new_secret("administrator-password")
        self.centre.enter(self._state.folder("center") / "setup-code", password_file)
        self._say(f"console: {self.centre.url}  (user: {USER}, password in {password_file})")
        self._entered = True
        return True

    def has_rows(self) -> bool:
        """True once the centre's API serves a row; asked only of a ready centre and cluster: requests are audited."""
        return self._entered and self.cluster_is_up() and self.centre.has_rows()

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs, one file each."""
        return self._state.folder("log")

    def cluster_is_up(self) -> bool:
        """True once the cluster takes pictures and answers queries."""
        return WebClient(self._query_url).is_up("/health")

    def has_snapshot(self) -> bool:
        """True once the agent has put a redacted picture into its spool; its log says so once for each camera."""
        return b" first snapshot camera=" in (self.logs / "edge.log").read_bytes()

    def stop_cameras(self) -> None:
        """Stops the cameras; the agent then selects nothing more, and sends the rest."""
        while self._senders:
            self._children.stop(self._senders.pop())

    def agent_ledger(self) -> AgentLedger:
        """Returns the agent's own counts, by its own command.

        Raises:
            DemoError: it does not answer, or not as agreed.
        """
        program = footage.program_path("wayside-edge")
        command: list[str | Path] = [program, "ledger", "--config", self.office.agent_file, "--json"]
        log = self._children.run("edge-ledger", command, remedy="see the log of edge")
        try:
            return AgentLedger.model_validate_json(log.read_bytes().strip().rpartition(b"\n")[2])
        except ValidationError as error:
            raise DemoError(f"{log}: wayside-edge printed no ledger ({error.error_count()} faults)") from error

    def archive_status(self) -> ArchiveStatus:
        """Returns the archive's own counts.

        Raises:
            DemoError: it does not answer.
        """
        token = read_secret(self._state.secret("query-token"))
        return ArchiveStatus.model_validate_json(WebClient(self._query_url, token=token).get("/status"))

    def restart(self, name: str, *, under: Sequence[str]) -> None:
        """Restarts `cluster` or `center` by the command `under`, such as `env NAME=VALUE`."""
        child = self._children.named(name)
        self._children.stop(child)
        command: list[str | Path] = [
            *under,
            footage.program_path(f"wayside-{name}"),
            "run",
            "--config",
            self._file(name),
        ]
        self._children.start(name, command, remedy=child.remedy, grace_s=child.grace_s)

    def _start_cameras(self, films: dict[str, Path], password: Path) -> Child:
        mounts = [part for camera, film in films.items() for part in ("--mount", f"{camera}={film}")]
        for camera in self._served:
            if camera.clock_error_s:
                mounts += ["--clock-error", f"{camera.id}={camera.clock_error_s}"]
            if camera.silent_after_s is not None:
                mounts += ["--stall-after", f"{camera.id}={camera.silent_after_s}"]
        lock = ("--user", site_plan.CAMERA_USER, "--password-file", str(password))
        port = str(self.ports.rtsp)
        command: list[str | Path] = [SYSTEM_PYTHON, rtsp_server.__file__, "--port", port, *lock, *mounts]
        cameras = self._children.start("cameras", command, remedy=_SETUP)
        # One line of JSON is its word that it listens.
        awaited = f"cameras {' and '.join(films)} listen on port {self.ports.rtsp}"
        self._wait(awaited, lambda: b'{"port":' in cameras.log.read_bytes())
        return cameras

    def _start_device(self, camera: str, film: Path, sip_port: int, password: Path) -> Child:
        where = ("--platform", f"{site_plan.HOST}:{sip_port}", "--platform-id", site_plan.PLATFORM_ID)
        who = ("--first-id", site_plan.DEVICE_ID, "--password-file", password)
        command: list[str | Path] = [sys.executable, "-m", "provisioning.demo.simulators.gb28181", *where, *who]
        command += ["--media", film, "--retry", _DEVICE_RETRY_S, "--report-every", _DEVICE_REPORT_S, "--unregister"]
        device = self._children.start("device", command, remedy=_SETUP)
        # Its first counts are its word that it runs, and will un-register when it is ended.
        awaited = f"device of camera {camera} registers by GB/T 28181 on port {sip_port}"
        self._wait(awaited, lambda: b'{"devices":' in device.log.read_bytes())
        return device

    def _start(self, name: str, document: Section, *, grace_s: float = 10.0) -> None:
        program = footage.program_path(f"wayside-{name}")
        file = toml.write(self._file(name), document)
        self._children.start(name, [program, "run", "--config", file], remedy="see its log", grace_s=grace_s)

    def _file(self, name: str) -> Path:
        return self._state.folder("configuration") / f"{name}.toml"

    def _wait(self, awaited: str, ready: Callable[[], bool]) -> None:
        for _ in range(round(_START_S / _POLL_S)):
            if ready():
                self._say(awaited)
                return
            self._children.pause(_POLL_S)
        raise DemoError(f"waited {_START_S:.0f} s in vain until: {awaited}; the logs in {self.logs} may say why")
