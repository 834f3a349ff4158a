"""A page of the console, played by a program: it opens a file, and brings the pieces that the desk asks for."""

import http.client
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.clock import SystemClock
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.fleet.documents import TASKS, Document, Power, Sealed, Warrant
from provisioning.contracts.fleet.uploads import UploadPermit
from provisioning.signing.documents import SealKey
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises
from tests.edge_agent.world import EPOCH_MS
from tests.support.pki import HOST
from tests.support.waiting import LONG_S, until

CONSOLE = "https://centre.example"
AGENT = "street"
MINUTE_MS = 60_000


class Permits:
    """The centre's key with its warrant, provisioning's seal, and the agent that verifies."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = SystemClock().now_ms
        self.seal = SealKey.create(folder / "seal.key")
        self.key = SealKey.create(folder / "tasks.key")
        self.warrant = self.warranted()
        provisioning = Provisioning(
            host="x", seal_key_file=folder / "seal.pub", secrets_key_file=folder, documents_dir=folder
        )
        self.orders = TaskOrders(folder, AGENT, provisioning, SystemClock())

    def warranted(self, *may: Power, number: int = 7, seal: SealKey | None = None, days: int = 1) -> Sealed:
        body = Warrant(
            key=self.key.seal.key,
            ends_at_ms=self.now_ms() + days * 86_400_000,
            may=may or (Power.CONTROL, Power.UPLOAD),
        )
        document = Document(addressee=TASKS, number=number, issued_at_ms=self.now_ms(), body=body)
        return (seal or self.seal).sign(document)

    def permit(self, *, key: SealKey | None = None, warrant: Sealed | None = None, **changes: object) -> str:
        now_ms = self.now_ms()
        given: dict[str, object] = {
            "id": secrets.token_hex(16),
            "agent_id": AGENT,
            "camera_id": CAMERA,
            "origin": CONSOLE,
            "actor": "ona",
            "purpose": "theft at the north gate 北门",
            "issued_at_ms": now_ms,
            "expires_at_ms": now_ms + 5 * MINUTE_MS,
        }
        permit = UploadPermit.model_validate(given | changes)
        return (key or self.key).sign_permit(permit, warrant or self.warrant)


@dataclass
class Page:
    """Asks a desk as a browser does; one connection for all of it."""

    papers: Papers
    permits: Permits
    camera_id: str = CAMERA
    origin: str = CONSOLE
    session: str = ""
    brought: list[tuple[int, int]] = field(default_factory=list)
    """Place and size of each piece."""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPSConnection(
            HOST, self.papers.port, context=self.papers.place().tls, timeout=LONG_S
        )

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, f"/cameras/{self.camera_id}/file", body, {"Origin": self.origin} | named)
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def open(self, size: int, *, permit: str | None = None, started_at_ms: int = EPOCH_MS) -> tuple[int, Any]:
        body = json.dumps({"started_at_ms": started_at_ms, "size": size}).encode()
        given = self.permits.permit(camera_id=self.camera_id) if permit is None else permit
        status, turn = self.ask("POST", body, Authorization=f"Wayside-Permit {given}")
        if status == http.client.OK:
            self.session = turn["session"]
        return status, turn

    def put(self, at: int | None, data: bytes = b"") -> tuple[int, Any]:
        place = {} if at is None else {"Wayside_At": str(at)}
        return self.ask("PUT", data, Wayside_Session=self.session, **place)

    def bring(self, data: bytes, *, pieces: int = 10**9) -> Any:
        """Brings a file to its end, or so many pieces of it, once the camera is free. Returns the last turn.

        A desk that has not heard of it for too long has let it go: then it is opened again, as the console's page does.
        """
        found: list[Any] = []

        def was_taken() -> bool:
            found[:] = [self._bring(data, pieces)]
            problem = found[0]["problem"]
            return problem is None or problem["error"] not in {"busy", "session_unknown"}

        until(was_taken)
        return found[0]

    def _bring(self, data: bytes, pieces: int) -> Any:
        status, turn = self.open(len(data))
        if status == http.client.CONFLICT:
            return {"problem": turn}
        assert status == http.client.OK, turn
        while not is_over(turn):
            wants = turn["wants"]
            if wants is not None:
                if not pieces:
                    return turn
                pieces -= 1
                self.brought.append((wants["at"], wants["size"]))
            part = b"" if wants is None else data[wants["at"] : wants["at"] + wants["size"]]
            status, turn = self.put(None if wants is None else wants["at"], part)
            if status == http.client.GONE:
                return {"problem": turn}
            assert status == http.client.OK, turn
        return turn


def is_over(turn: Any) -> bool:
    progress = turn["progress"]
    return turn["problem"] is not None or turn["known"] or (progress is not None and progress["end"] is not None)


def premises(folder: Path, papers: Papers, permits: Permits, **options: Any) -> Premises:
    return Premises(folder, papers, console=CONSOLE, open_permit=permits.orders.open_permit, **options)
