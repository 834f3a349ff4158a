"""A cabinet that is well: broker, enrolment service, camera and models are real. Faults are planted by the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_agent.clock import Clock, SystemClock
from edge_agent.diagnosis.doctor import examine
from edge_agent.remote_config.documents import Documents
from edge_agent.uplink.mqtt import PahoLink
from provisioning.contracts.config.processes import Broker, Camera, EdgeConfig, RtspSource, Spool
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import Role
from provisioning.files import toml
from provisioning.signing.documents import encrypt_password
from tests.edge_agent.cameras import encoded, footage, serving
from tests.edge_agent.enrolment_service import EnrolmentService
from tests.edge_agent.told import Centre
from tests.edge_agent.world import noise
from tests.support.exchange import Exchange
from tests.support.mqtt_client import Client

AGENT = "street"
PASSWORD = "Gate-2026"


@dataclass
class World:
    """What stands around boxes."""

    exchange: Exchange
    service: EnrolmentService
    rtsp_port: int
    models_dir: Path

    def retain(self, payload: bytes) -> None:
        """Provisioning's newest word to the agent; nothing takes it away."""
        client = Client(self.exchange.identity(Role.PROVISIONING), self.exchange.services_port)
        client.publish(topics.configuration(AGENT), payload, retain=True)
        client.close()


@contextmanager
def world(folder: Path, models_dir: Path) -> Iterator[World]:
    """Started, and ended."""
    exchange = Exchange(folder)
    exchange.start()
    enrolment = exchange.pki.issue("enrolment")
    password = folder / "camera-password"
    password.touch(0o600)
    password.write_text(PASSWORD)
    mount = footage(folder / "gate.footage", "h264", encoded(folder, [noise(1)], "h264"))
    lock = ("--user", "viewer", "--password-file", str(password))
    try:
        with (
            serving("--mount", mount, *lock) as (port, _),
            EnrolmentService(folder) as service,
        ):
            service.context.load_cert_chain(enrolment.cert_file, enrolment.key_file)
            yield World(exchange, service, port, models_dir)
    finally:
        exchange.kill()


class Box:
    """An enrolled box with one camera, which is well until a test changes it."""

    def __init__(self, folder: Path, around: World) -> None:
        self.folder = folder
        self.around = around
        self.config = folder / "agent.toml"
        self.centre = Centre(folder)
        told = self.centre.section.model_copy(update={"host": "127.0.0.1", "port": around.service.port})
        self.edge = EdgeConfig(
            agent_id=AGENT,
            broker=around.exchange.section(AGENT),
            models_dir=around.models_dir,
            spool=Spool(directory=folder / "spool"),
            provisioning=told,
        )
        self.be_told(1)
        self.use()

    def camera(self, password: str = PASSWORD, port: int | None = None, path: str = "gate") -> Camera:
        key = self.centre.secrets.public
        return Camera(
            id="gate",
            source=RtspSource(
                url=f"rtsp://127.0.0.1:{port or self.around.rtsp_port}/{path}",
                username="viewer",
                password_sealed=encrypt_password(password, key, agent_id=AGENT, camera_id="gate"),
                connect_timeout_s=15,
                read_timeout_s=15,
            ),
        )

    def be_told(self, number: int, camera: Camera | None = None) -> bytes:
        """A configuration, applied."""
        payload = self.centre.document(number, camera or self.camera())
        documents = Documents(AGENT, self.centre.section, SystemClock())
        documents.accept(payload)
        documents.begin(())
        assert documents.apply(number)
        return payload

    def use(self, *, broker: dict[str, object] | None = None, **changes: object) -> None:
        """Write `agent.toml`, with these values otherwise."""
        line: Broker = self.edge.broker.model_copy(update=broker or {})
        self.edge = EdgeConfig.model_validate(self.edge.model_copy(update={"broker": line}).model_dump() | changes)
        toml.write(self.config, self.edge)

    def diagnoses(self, clock: Clock | None = None) -> list[Diagnosis]:
        def dialler(edge: EdgeConfig) -> partial[PahoLink]:
            return partial(PahoLink, edge.broker, edge.agent_id, is_enrolled=edge.provisioning is not None)

        return list(examine(self.config, dialler, clock or SystemClock()))

    def faults(self, clock: Clock | None = None) -> list[Fault]:
        """The names that the doctor gives."""
        found = [each for each in self.diagnoses(clock) if each.fault is not None]
        assert all(each.remedy and PASSWORD not in each.line() for each in found)
        return [each.fault for each in found if each.fault is not None]
