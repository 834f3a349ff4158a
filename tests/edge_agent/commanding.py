"""An agent that the centre commands: its orders, provisioning's seal, and the centre's key with its warrant."""

from pathlib import Path

from edge_agent.remote_config.job_rules import JobSite
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.fleet.commands import LIFE_MS, SealedCommand, TaskCommand, TaskReport, TaskState, Verb
from provisioning.contracts.fleet.documents import TASKS, Document, Power, Sealed, Warrant
from provisioning.contracts.wire import codec
from provisioning.signing.documents import SealKey
from tests.edge_agent.world import EPOCH_MS, FakeClock

AGENT, CAMERA = "desk", "north-gate-nvr"
DAY_MS = 86_400_000
JOB_SITE = JobSite(
    cameras=frozenset({"gate", "yard", "live-only", "pushed", CAMERA}),
    recorded=frozenset({"gate", "yard"}),
    live=frozenset({"gate", "yard", "live-only"}),
)


class Site:
    """An agent with one camera for uploads, provisioning's seal, and the centre's key with its warrant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.seal = SealKey.create(folder / "seal.key")
        self.center = SealKey.create(folder / "tasks.key")
        self.provisioning = Provisioning(
            host="x", seal_key_file=folder / "seal.pub", secrets_key_file=folder, documents_dir=folder
        )
        self.leaked: set[str] = set()
        self.may: tuple[Power, ...] = (Power.CONTROL, Power.START)
        self.orders = self.start()

    def start(self) -> TaskOrders:
        orders = TaskOrders(self.folder, AGENT, self.provisioning, self.clock, self.leaked.__contains__)
        orders.serve([CAMERA], JOB_SITE)
        return orders

    def warrant(
        self, *, number: int = 7, ends_at_ms: int = EPOCH_MS + 10 * DAY_MS, key: SealKey | None = None
    ) -> Sealed:
        body = Warrant(key=(key or self.center).seal.key, ends_at_ms=ends_at_ms, may=self.may)
        return self.seal.sign(Document(addressee=TASKS, number=number, issued_at_ms=EPOCH_MS, body=body))

    def command(self, number: int = 1, verb: Verb = Verb.PAUSE, **changes: object) -> TaskCommand:
        now_ms = self.clock.now_ms()
        given = {"agent_id": AGENT, "camera_id": CAMERA, "number": number, "verb": verb, "issued_at_ms": now_ms}
        return TaskCommand.model_validate(given | {"expires_at_ms": now_ms + LIFE_MS} | changes)

    def sealed(self, text: str) -> bytes:
        """A text that is no command, signed as one."""
        signed = self.center._key.sign(b"wayside task command 1\0" + text.encode()).hex()
        return codec.encode(SealedCommand(command=text, signature=signed, warrant=self.warrant()))

    def send(self, command: TaskCommand, *, key: SealKey | None = None, warrant: Sealed | None = None) -> bytes:
        payload = codec.encode((key or self.center).sign_command(command, warrant or self.warrant()))
        self.orders.accept(payload)
        return payload

    @property
    def report(self) -> TaskReport:
        told = self.orders.report()
        assert told is not None
        return told

    @property
    def state(self) -> TaskState:
        return self.report.tasks[CAMERA]

    @property
    def word(self) -> tuple[int, bool] | None:
        word = self.report.word
        return None if word is None else (word.number, word.taken)
