"""Runs the training street: processes of the demo, each of which can be stopped, and cameras that can be at fault."""

import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from provisioning.contracts.config.processes import read_secret
from provisioning.demo import district, footage, ports, site_plan
from provisioning.demo.centre import USER, Centre
from provisioning.demo.children import Child, Children
from provisioning.demo.narrator import Narrator
from provisioning.demo.office import Office
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.state import DemoFolder
from provisioning.errors import DemoError
from provisioning.files import durable, toml
from provisioning.training.cameras import Condition, DeviceCamera, SimulatedCamera
from provisioning.training.product import Product, Reading, Source

NORTH, SOUTH = district.NORTH.id, district.SOUTH.id
(EAST,) = site_plan.REGISTERING
PROBATION_S: Final = 20.0
"""Time that a new configuration has: a minute, as on a real box, is long for somebody who waits."""
ASKINGS: Final = 300
"""Times that the product is asked before the ground gives up waiting."""
_PAUSE_S: Final = 1.0
_RTSP_PORTS: Final = (8554, 8555)
_METRICS_PORT: Final = 8464
"""Below the range from which outgoing connections take theirs: a port of a camera that is unplugged stays free."""
_BROKEN_MODEL: Final = "yunet.onnx"


class Ground:
    """The street and the tools with which faults are planted and mended."""

    def __init__(self, state: DemoFolder, children: Children, models_dir: Path, narrator: Narrator) -> None:
        self.state = state
        self._children = children
        self._models = models_dir
        self._say = narrator.say
        self._own_models = state.directory / "models"
        self._office = Office(state, children, self._own_models)
        self._ports = self._office.ports()
        self._metrics_port = ports.free(_METRICS_PORT)
        self._password = state.new_secret("camera-password")
        self._running: dict[str, Child] = {}
        self.home = state.folder("home")
        self.agent_file = self._office.agent_file
        self.list_file = self._office.list_file
        self.center_file = state.folder("configuration") / "center.toml"
        self.centre_token = state.secret("query-token-of-the-centre")
        self.centre = Centre(f"http://{site_plan.HOST}:{self._ports.console}")
        self.product = Product(self.centre, self.home, self.center_file, self.agent_file)
        self.cameras: Mapping[str, SimulatedCamera] = {}

    # --- the street -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Starts everything, and waits until the product says that all is well.

        Raises:
            DemoError: it does not come about.
        """
        footage.fetch(self._children, self._models)
        self.restore_models()
        self._office.open(self._ports)
        token = read_secret(self.state.new_secret("query-token"))
        durable.write(self.centre_token, token.encode())
        configuration = self.state.folder("configuration")
        toml.write(configuration / "cluster.toml", site_plan.cluster(self.state, self._ports, self._models))
        center = site_plan.center(self.state, self._ports)
        toml.write(self.center_file, center.model_copy(update={"query_token_file": self.centre_token}))
        durable.write(configuration / site_plan.MAP_FILE, json.dumps(district.outlines()).encode())
        for service in ("cluster", "broker", "center", "provisioning"):
            self.start(service)
        self._say("cluster, broker, centre and provisioning are started")
        self._make_cameras()
        self._await(
            "the broker and enrolment listen", lambda: self._office.broker_is_up() and self._office.service_is_up()
        )
        self._office.register(self.right_list())
        self._write_agent_file()
        self.start("edge")
        self._say("the box is enrolled, and its agent started")
        self._await("the centre answers", self.centre.is_up)
        self.centre.enter(self.state.folder("center") / "setup-code", self.administrator)
        self._await("everything is well", self.is_well)

    @property
    def administrator(self) -> Path:
        """File with the password of the console's user `USER`."""
        return self.state.new_secret("administrator-password")

    def addresses(self) -> Sequence[tuple[str, object]]:
        """Lists what a trainee needs in another terminal."""
        programs = footage.program_path("wayside-provision").parent
        return (
            ("PATH", f"{programs}:$PATH"),
            ("WAYSIDE_HOME", self.home),
            ("console", f"{self.centre.url}  ({USER}, {self.administrator})"),
            ("agent.toml", self.agent_file),
            ("center.toml", self.center_file),
            ("cameras.csv", self.list_file),
            ("models", self._models),
            ("logs", self.state.folder("log")),
        )

    def is_well(self) -> bool:
        """True if every place says that all is well."""
        return all(self.reads_well(source) for source in Source)

    def looks_well(self) -> bool:
        """True if the console says that all is well; the doctors take longer, and are asked of their own faults."""
        return all(self.reads_well(source) for source in (Source.CAMERAS, Source.AGENTS, Source.CHAIN))

    def reads_well(self, source: Source) -> bool:
        """True if one place answers, and names no fault."""
        found = self.product.ask(source)
        return bool(found) and all(each.is_well for stage, each in found.items() if stage != "notify")

    def reading(self, source: Source, where: str) -> Reading:
        """Returns what the product says of one thing. A doctor that does not name it finds nothing wrong with it."""
        found = self.product.ask(source)
        return found.get(where, Reading(is_well=bool(found) and source in {Source.BOX, Source.CENTRE}))

    def until(self, condition: Callable[[], bool], askings: int = ASKINGS) -> bool:
        """Waits for a condition; False after so many askings."""
        for _ in range(askings):
            if condition():
                return True
            self._children.pause(_PAUSE_S)
        return False

    def _await(self, awaited: str, condition: Callable[[], bool]) -> None:
        if not self.until(condition):
            raise DemoError(f"waited in vain until {awaited}; the logs in {self.state.folder('log')} may say why")
        self._say(awaited)

    # --- services, which a real machine has under systemd ---------------------------------------------------------

    def services(self) -> Mapping[str, tuple[Sequence[str | Path], float]]:
        """Returns command and grace of each service by its name."""
        provision = footage.program_path("wayside-provision")
        configuration = self.state.folder("configuration")
        cluster = configuration / "cluster.toml"
        return {
            "cluster": ((footage.program_path("wayside-cluster"), "run", "--config", cluster), 40.0),
            "broker": ((provision, "broker", "run", "--home", self.home), 10.0),
            "center": ((footage.program_path("wayside-center"), "run", "--config", self.center_file), 10.0),
            "provisioning": ((provision, "serve", "--home", self.home), 10.0),
            "edge": ((footage.program_path("wayside-edge"), "run", "--config", self.agent_file), 20.0),
        }

    def is_running(self, service: str) -> bool:
        """True while the process of a service lives."""
        child = self._running.get(service)
        return child is not None and child.process.poll() is None

    def start(self, service: str) -> bool:
        """Starts a service. False: it runs already."""
        if self.is_running(service):
            return False
        self.stop(service)
        command, grace_s = self.services()[service]
        self._running[service] = self._children.start(
            service, command, remedy="see its log", grace_s=grace_s, is_errand=True
        )
        return True

    def stop(self, service: str) -> bool:
        """Ends a service. False: it did not run."""
        child = self._running.pop(service, None)
        if child is None:
            return False
        self._children.stop(child)
        return True

    def restart(self, service: str) -> None:
        """Ends and starts a service."""
        self.stop(service)
        self.start(service)

    def put_in_order(self) -> None:
        """Puts right whatever may have been changed, and waits until all is well.

        Raises:
            DemoError: it does not become so.
        """
        for camera in self.cameras.values():
            now = camera.condition
            camera.be(Condition() if camera.id == EAST else Condition(path=now.path, password_file=now.password_file))
        self.import_list(self.right_list())
        for service in self.services():
            self.start(service)
        self._await("everything is well again", self.looks_well)

    # --- cameras --------------------------------------------------------------------------------------------------

    def _make_cameras(self) -> None:
        wanted = {district.NORTH.id: district.NORTH.film, district.SOUTH.id: district.SOUTH.film, EAST: footage.CYCLIST}
        films = footage.choose(self._models, wanted, self._say)
        make = {
            camera: partial(
                DeviceCamera if camera == EAST else SimulatedCamera,
                self._children, camera, film=film, folder=self.state.folder("footage"), password=self._password,
            )
            for camera, film in films.items()
        }  # fmt: skip
        self.cameras = {
            NORTH: make[NORTH](port=ports.free(_RTSP_PORTS[0]), codec=district.NORTH.codec),
            SOUTH: make[SOUTH](port=ports.free(_RTSP_PORTS[1]), codec=district.SOUTH.codec),
            EAST: make[EAST](port=ports.sip(), codec=site_plan.REGISTERING[EAST]),
        }
        for camera in self.cameras.values():
            camera.change()
        self._await("the cameras listen", lambda: all(each.is_listening() for each in self.cameras.values()))

    def right_list(self, **wrong_ports: int) -> str:
        """Writes the camera list as it ought to be; `wrong_ports` by camera makes it wrong."""
        lines = ["id,name,url,device_id,channel_id,username,password,latitude,longitude,bearing_deg"]
        for planned in district.MEASURED:
            camera = self.cameras[planned.id]
            address = f"rtsp://{site_plan.HOST}:{wrong_ports.get(camera.id, camera.port)}/{camera.path}"
            place = f"{planned.latitude},{planned.longitude},{planned.bearing_deg}"
            login = f"{site_plan.CAMERA_USER},{read_secret(camera.password_file)}"
            lines.append(f"{camera.id},{planned.name},{address},,,{login},{place}")
        (channel,) = DeviceProfile(site_plan.PLATFORM_ID, "").channel_ids(site_plan.DEVICE_ID)
        device = f"{site_plan.DEVICE_ID},{channel},,{read_secret(self._password)}"
        lines.append(f"{EAST},East (GB/T 28181),,{device},31.2010,120.1250,90")
        return "\n".join(lines) + "\n"

    def import_list(self, listed: str) -> None:
        """Imports a camera list, as an operator would."""
        self._office.import_cameras(listed)

    def has_learnt(self, camera: str) -> bool:
        """True once the agent knows a camera's view, so that it would notice another."""
        try:
            with urllib.request.urlopen(f"http://{site_plan.HOST}:{self._metrics_port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return False
        return f'picture_check{{camera="{camera}",check="scene_moved"}}' in text

    # --- the box --------------------------------------------------------------------------------------------------

    def _write_agent_file(self) -> None:
        """Adds to the agent's own file what a technician sets: the port of its metrics, and that of its devices."""
        self._office.open_sip(self.cameras[EAST].port)
        text = self.agent_file.read_text(encoding="utf-8")
        text = text.replace("[provisioning]\n", f"[provisioning]\nprobation_s = {PROBATION_S}\n", 1)
        durable.write(self.agent_file, f"metrics_port = {self._metrics_port}\n{text}".encode())

    def enrol_again(self) -> None:
        """Makes the agent anew, and a bundle, with which it enrols the box."""
        bundle = self.state.secret("again.bundle")
        provision, edge = footage.program_path("wayside-provision"), footage.program_path("wayside-edge")
        anew = (provision, "agent", "new", site_plan.AGENT, "--site", site_plan.SITE, "--again", "--home", self.home)
        self._children.run("agent-again", anew, remedy="see its log")
        self._children.run(
            "bundle-again",
            (provision, "bundle", site_plan.AGENT, "-o", bundle, "--again", "--home", self.home),
            remedy="see its log",
        )
        enrol = (edge, "enrol", bundle, "--into", self.agent_file.parent, "--again", "--models", self._own_models)
        self._children.run("enrol-again", enrol, remedy="see its log")

    def revoke(self) -> None:
        """Revokes the box's agent, as if it had been stolen."""
        command = (footage.program_path("wayside-provision"), "revoke", site_plan.AGENT, "--reason", "lost", "--yes")
        self._children.run("revoke", (*command, "--home", self.home), remedy="see its log")

    def reload_broker(self) -> None:
        """Has Mosquitto read its files again, as its own unit's reload does."""
        keeper = self._running["broker"].process.pid
        for pid in self._children.members()["broker"] - {keeper}:
            os.kill(pid, signal.SIGHUP)

    def break_model(self) -> None:
        """Puts half of a model in its place."""
        path = self._own_models / _BROKEN_MODEL
        half = path.read_bytes()[: path.stat().st_size // 2]
        path.unlink()
        path.write_bytes(half)

    def restore_models(self) -> None:
        """Puts the box's models back."""
        if self._own_models.exists():
            shutil.rmtree(self._own_models)
        self._own_models.mkdir(mode=0o700)
        for model in self._models.iterdir():
            if model.is_file():
                (self._own_models / model.name).symlink_to(model)

    def secret(self, name: str) -> Path:
        """Returns the file of a secret, which is drawn the first time."""
        return self.state.new_secret(name)
