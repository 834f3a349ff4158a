"""What an agent is told: a centre's seal, and documents as they come over the broker."""

from pathlib import Path

from edge_agent.remote_config.documents import Documents
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.documents import CENTER, Configuration, Configured, Document, Roster, Verdict
from provisioning.contracts.wire import codec
from provisioning.files import durable
from provisioning.signing.documents import SealKey, SecretsKey
from tests.edge_agent.world import EPOCH_MS, FakeClock


class Centre:
    """Signs for one agent. `section` is what enrolment leaves on the agent's box."""

    def __init__(self, folder: Path, *, probation_s: float = 60, settle_s: float = 10) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.key = SealKey.create(folder / "seal.key")
        self.secrets = SecretsKey.create(folder / "secrets.key")
        self.section = processes.Provisioning(
            host="centre.invalid",
            seal_key_file=folder / "seal.pub",
            secrets_key_file=folder / "secrets.key",
            documents_dir=folder / "documents",
            probation_s=probation_s,
            settle_s=settle_s,
        )

    def document(
        self, number: int, *cameras: str | processes.Camera, addressee: str = "street", **body: object
    ) -> bytes:
        """A configuration with these cameras; a bare name is a camera that works."""
        made = tuple(camera(each) if isinstance(each, str) else each for each in cameras)
        return self.seal(number, Configuration.model_validate({"cameras": made} | body), addressee)

    def seal(self, number: int, body: Configuration | Roster, addressee: str = "street") -> bytes:
        document = Document(addressee=addressee, number=number, issued_at_ms=EPOCH_MS, body=body)
        return codec.encode(self.key.sign(document))

    def roster(self, number: int, addressee: str = CENTER) -> bytes:
        return self.seal(number, Roster(agents=()), addressee)

    def change_key(self) -> None:
        """The agent is enrolled at another centre."""
        self.key = SealKey.create(self.section.seal_key_file.with_suffix(".key"))
        durable.write(self.section.seal_key_file, self.key.seal.key.encode())


def camera(camera_id: str, place: str = "works") -> processes.Camera:
    """`place` is in its address, and a fake source does what it says. The name of a host would be looked up."""
    return processes.Camera(
        id=camera_id,
        source=processes.RtspSource(url=f"rtsp://127.0.0.1/{place}/{camera_id}"),
        selector=processes.Selector(change_threshold=0, max_per_second=25),
    )


class Box:
    """One agent's documents, which can be opened again as after a start."""

    def __init__(self, folder: Path) -> None:
        self.centre = Centre(folder)
        self.folder = self.centre.section.documents_dir
        self.clock = FakeClock()
        self.documents = Documents("street", self.centre.section, self.clock)

    def restart(self) -> None:
        self.documents = Documents("street", self.centre.section, self.clock)

    def word(self) -> Configured:
        word = self.documents.configured()
        assert word is not None
        return word

    def said(self) -> tuple[int | None, Verdict]:
        return self.word().number, self.word().verdict

    def in_force(self) -> tuple[str, ...] | None:
        configuration = self.documents.in_force()
        return None if configuration is None else tuple(camera.id for camera in configuration.cameras)

    def put_in_force(self, number: int, *cameras: str) -> None:
        self.documents.accept(self.centre.document(number, *cameras))
        self.documents.begin(())
        assert self.documents.apply(number)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def file_of(self, number: int) -> Path:
        (path,) = self.folder.glob(f"*-{number}.json")
        return path
