"""Runs a street of real processes whose agent has three cameras, each with a recorder of another way, all on loopback.

    RTSP recorder ─────────┐
    ONVIF recorder ────────┼─▶ edge agent ── Mosquitto ── cluster (Ray) ── centre with [tasks] ── browser
    GB/T 28181 recorder ───┘        ▲
    live streams ── rtsp server ────┘

The recorders are simulated, in this process. Every picture shows the faces of a photograph, so that what leaves the
agent can be searched for them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.video.frame import VideoFrame

from bench.evaluation.audit import Image
from edge_agent.redactor.cover import Rect
from engines.catalog.catalog import Catalog
from provisioning.contracts.config.camera import Camera, RtspSource, Selector
from provisioning.contracts.config.gb28181 import Gb28181
from provisioning.contracts.config.recorder import Gb28181Recorder, OnvifRecorder, Recorders, RtspRecorder
from provisioning.contracts.config.tasks import Tasks
from provisioning.contracts.section import Section
from provisioning.demo import footage, ports, site_plan
from provisioning.demo.centre import Centre
from provisioning.demo.children import Children
from provisioning.demo.encode import encoded
from provisioning.demo.narrator import Narrator
from provisioning.demo.office import Office
from provisioning.demo.simulators import rtsp_server
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.footage import annexb
from provisioning.demo.state import DemoFolder
from provisioning.demo.street import SYSTEM_PYTHON
from provisioning.demo.web import WebClient
from provisioning.files import durable, toml
from provisioning.pki.identities import Identities, Identity
from tests.support.faces import street, with_faces
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID, Devices
from tests.support.onvif_recorder import OnvifHolding, OnvifNvr, onvif_nvr
from tests.support.recorded_film import PER_SECOND, Film
from tests.support.rtsp_recorder import Behaviour
from tests.support.rtsp_recorder import RtspRecorder as Simulated
from tests.support.waiting import until

AGENT: Final = "cabinet-7"
CAMERAS: Final = {"gate": "East gate", "hall": "Market hall", "north": "North bridge"}
"""Names by camera id."""
WAYS: Final = {"gate": "RTSP", "hall": "ONVIF Profile G", "north": "GB/T 28181"}
PLACE: Final = (31.2, 120.124)
"""All cameras look at one crossing: each has the same span to be asked for, without a way to it."""
PER_SECOND_TAKEN: Final = 0.25
SPEED: Final = 16
_SIZE: Final = (640, 272)
_PICTURES: Final = range(138, 183)
"""Pictures of the film in which the detector is sure of a car; whole seconds of five."""
_FACES: Final = ("faces-1", 24)
_BITRATE: Final = 1_500_000
_REMEDY: Final = "see its log"
_UP_S: Final = 300.0
_POLL_S: Final = 0.3


@dataclass(frozen=True)
class Shown:
    """The film of all cameras: encoded pictures, raw ones, and the faces, which stay where they are."""

    units: list[bytes]
    """Of the recordings."""
    still: list[bytes]
    """Of the live streams: nothing moves in them, so that the processor is left to the recordings."""
    raw: list[Image]
    faces: list[Rect]


def shown(catalog: Catalog) -> Shown:
    """Pastes faces into a street and encodes it, a keyframe each second."""
    drawn = [with_faces(catalog, street(catalog, number, _SIZE), *_FACES) for number in _PICTURES]
    raw = [image for image, _ in drawn]
    return Shown(_encoded(raw), _encoded(raw[:1] * PER_SECOND), raw, drawn[0][1])


def _encoded(images: Iterable[Image]) -> list[bytes]:
    frames = [VideoFrame.from_ndarray(image, format="bgr24") for image in images]
    return list(encoded(frames, _SIZE, Fraction(PER_SECOND), "h264", gop=PER_SECOND, bitrate=_BITRATE))


class StreetFilm(Film):
    """Plays the same seconds again and again."""

    def __init__(self, units: list[bytes]) -> None:
        super().__init__()
        self._units = units

    def second(self, at_s: int) -> list[bytes]:
        first = at_s % (len(self._units) // PER_SECOND) * PER_SECOND
        return self._units[first : first + PER_SECOND]


class OwnSection(Section):
    """The part of the agent's own file that a technician writes."""

    gb28181: Gb28181
    recorders: Recorders
    cameras: tuple[Camera, ...]


class RecordedStreet:
    """Every process of the street. `held`: seconds from which and until which the recorders hold recordings."""

    def __init__(
        self,
        state: DemoFolder,
        children: Children,
        models: Path,
        narrator: Narrator,
        film: Shown,
        held: tuple[int, int],
    ) -> None:
        self._state = state
        self._children = children
        self._models = models
        self._say = narrator.say
        self._film = film
        self._held = held
        self._office = Office(state, children, models)
        self._ports = self._office.ports()
        self.centre = Centre(f"http://{site_plan.HOST}:{self._ports.console}")

    def until(
        self,
        condition: Callable[[], object],
        what: str,
        *,
        seen: Callable[[], object] | None = None,
        patience_s: float = _UP_S,
    ) -> None:
        """Waits until `condition` is true, as long as every process of the street lives."""

        def watched() -> object:
            self._children.pause(_POLL_S)
            return condition()

        until(watched, what, seen=seen, patience_s=patience_s)

    @property
    def services_port(self) -> int:
        """Port of the broker for the cluster and the centre."""
        return self._ports.services

    def identity(self, role: str) -> Identity:
        """Returns the certificate of a service."""
        return Identities.open(self._state.folder("home")).identity(role)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Starts everything, and waits until the live streams of all cameras are in the archive."""
        sip_port = ports.sip()
        film = StreetFilm(self._film.units)
        profile = DeviceProfile(PLATFORM_ID, PASSWORD, heartbeat_s=5.0, retry_s=1.0)
        device = Devices(
            (site_plan.HOST, sip_port), profile, footage=annexb("h264", self._film.units, Fraction(PER_SECOND))
        )
        replay = Behaviour({"1": [self._held]}, has_extension=True, tells_range=False)
        with (
            Simulated(Behaviour({"1": [self._held]}), film) as rtsp,
            Simulated(replay, film) as replayed,
            onvif_nvr(OnvifNvr([OnvifHolding("1", "1", *self._held)], f"{replayed.url}/replay/{{token}}")) as onvif,
            device,
        ):
            self._start_services()
            section = self._section(sip_port, f"{rtsp.url}/replay/{{channel}}", onvif.url, profile)
            self._start_agent(section)
            self._await()
            yield

    def _start_services(self) -> None:
        state, chosen = self._state, self._ports
        state.new_secret("query-token")
        self._office.open(chosen)
        self._start("cluster", site_plan.cluster(state, chosen, self._models), grace_s=40.0)
        self._office.start_broker()
        self.until(self._office.broker_is_up, "the broker listens")
        key, warrant = state.secret("tasks.key"), state.secret("tasks.warrant")
        self._children.run("task-key", [footage.program_path("wayside-center"), "task-key", key], remedy=_REMEDY)
        self._provision("service", "warrant", key.with_suffix(".pub"), "-o", warrant, "--start")
        tasks = Tasks(key_file=key, warrant_file=warrant)
        center = site_plan.center(state, chosen).model_copy(update={"tasks": tasks, "map": None})
        self._start("center", center)
        self._office.start_service()
        self.until(self._office.service_is_up, "enrolment listens")
        self._say("broker, cluster, centre and provisioning are started")

    def _start_agent(self, section: OwnSection) -> None:
        live = self._state.folder("footage") / "street.h264"
        rtsp_server.write_footage(live, "h264", (PER_SECOND, 1), self._film.still)
        mounts = [part for camera in CAMERAS for part in ("--mount", f"{camera}={live}")]
        server: list[str | Path] = [SYSTEM_PYTHON, rtsp_server.__file__, "--port", str(self._ports.rtsp), *mounts]
        cameras = self._children.start("cameras", server, remedy="run: bin/setup demo")
        self.until(lambda: b'{"port":' in cameras.log.read_bytes(), "the cameras listen")
        self._provision("site", "add", site_plan.SITE, "--name", "Crossing", *site_plan.SITE_PLACE)
        self._office.add_agent(AGENT, self._state.folder("agent"))
        file = self._office.agent_file
        durable.write(file, f"{file.read_text(encoding='utf-8')}\n{toml.text(section)}".encode())
        command: list[str | Path] = [footage.program_path("wayside-edge"), "run", "--config", file]
        self._children.start("edge", command, remedy=_REMEDY, grace_s=20.0)
        self._say(f"agent {AGENT} is enrolled and started")

    def _section(self, sip_port: int, rtsp_url: str, onvif_url: str, profile: DeviceProfile) -> OwnSection:
        secret = self._state.secret("recorder-password")
        durable.write(secret, PASSWORD.encode())
        (channel,) = profile.channel_ids(FIRST_ID)
        latitude, longitude = PLACE
        cameras = tuple(
            Camera(
                id=camera,
                name=name,
                source=RtspSource(url=f"rtsp://{site_plan.HOST}:{self._ports.rtsp}/{camera}"),
                selector=Selector(max_per_second=PER_SECOND_TAKEN, heartbeat_s=600),
                latitude=latitude,
                longitude=longitude,
            )
            for camera, name in CAMERAS.items()
        )
        return OwnSection(
            gb28181=Gb28181(host=site_plan.HOST, port=sip_port, platform_id=PLATFORM_ID),
            recorders=(
                RtspRecorder(id="gate-nvr", url=rtsp_url, speed=SPEED, channels={"gate": "1"}),
                OnvifRecorder(id="hall-nvr", url=onvif_url, speed=SPEED, channels={"hall": "1"}),
                Gb28181Recorder(
                    id="north-nvr",
                    device_id=FIRST_ID,
                    username=FIRST_ID,
                    password_file=secret,
                    speed=SPEED,
                    channels={"north": channel},
                ),
            ),
            cameras=cameras,
        )

    def _await(self) -> None:
        self.until(self.centre.is_up, "the centre answers")
        self.centre.enter(self._state.folder("center") / "setup-code", self._state.new_secret("administrator-password"))
        query = WebClient(f"http://{site_plan.HOST}:{self._ports.query}")
        self.until(lambda: query.is_up("/health"), "the cluster answers")
        self._say("centre and cluster answer")

        def archived() -> set[str]:
            return {each.camera_id for each in self.centre.observations()} if self.centre.has_rows() else set()

        self.until(lambda: archived() == CAMERAS.keys(), "live pictures of all cameras", seen=archived)
        self._say("live pictures of all cameras are in the archive")

    def _provision(self, *words: str | Path) -> None:
        program = footage.program_path("wayside-provision")
        command: list[str | Path] = [program, *words, "--home", self._state.folder("home")]
        self._children.run(f"provision-{words[0]}-{words[1]}", command, remedy=_REMEDY)

    def _start(self, name: str, document: Section, *, grace_s: float = 10.0) -> None:
        file = toml.write(self._state.folder("configuration") / f"{name}.toml", document)
        command: list[str | Path] = [footage.program_path(f"wayside-{name}"), "run", "--config", file]
        self._children.start(name, command, remedy=_REMEDY, grace_s=grace_s)


def accounts(centre: Centre, roles: Mapping[str, str], password: str) -> None:
    """Creates an account of each role, by user name."""
    for name, role in roles.items():
        centre.site.post("/api/users", {"username": name, "password": password, "grants": [{"role": role}]})
