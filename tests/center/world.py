"""The world around a centre: a line to speak into, and what agents and provisioning say on it."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from center.access.passwords import Passwords
from center.fleet.mqtt import Receiver
from provisioning.contracts.config.processes import Broker, Tasks
from provisioning.contracts.fleet.documents import (
    CENTER,
    TASKS,
    Configuration,
    Configured,
    Document,
    Membership,
    Power,
    Roster,
    RosterEntry,
    Sealed,
    Verdict,
    Warrant,
)
from provisioning.contracts.fleet.rollout import RolloutReport
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import (
    CameraState,
    CameraStatus,
    Heartbeat,
    HopTimes,
    Ledger,
    Machine,
    Observed,
    ObservedItem,
)
from provisioning.signing.documents import SealKey
from tests.center.street import AGENT, NOW_MS


def quick_passwords() -> Passwords:
    """Hashes with the least that Argon2 can do: a test logs in often, and keeps no secret."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


class OpenLine:
    """A broker link that a test speaks into."""

    def __init__(self) -> None:
        self.receiver: Receiver | None = None
        self.cause: str | None = None
        self.stopped = False
        self.asked_again = 0
        self.sent: list[tuple[str, bytes]] = []

    def start(self, receiver: Receiver) -> None:
        self.receiver = receiver
        receiver.link(up=True)

    def stop(self) -> None:
        self.stopped = True

    def fault(self) -> str | None:
        return self.cause

    def publish(self, topic: str, payload: bytes, expiry_s: int) -> bool:
        assert expiry_s > 0
        self.sent.append((topic, payload))
        return self.cause is None

    def ask_again(self) -> None:
        self.asked_again += 1


class Noted:
    """Watches hints and keeps them, for tests that raise no alarm."""

    def __init__(self) -> None:
        self.hints: list[Observed] = []

    def observed(self, observed: Observed) -> None:
        self.hints.append(observed)


class TypedLine:
    """A broker link that reads JSON lines from a stream, for a centre in a process of its own."""

    def __init__(self, _config: Broker, _ended: Callable[[], None], *, lines: Any) -> None:
        self._lines = lines
        self._cause: str | None = None

    def start(self, receiver: Receiver) -> None:
        receiver.link(up=True)
        threading.Thread(target=self._pump, args=(receiver,), daemon=True).start()

    def stop(self) -> None:
        """The reader dies with the process."""

    def fault(self) -> str | None:
        return self._cause

    def publish(self, topic: str, payload: bytes, expiry_s: int) -> bool:
        """Shown to who reads this process's output: it plays the agents."""
        print(f"sent {topic} {base64.b64encode(payload).decode()} {expiry_s}", flush=True)  # noqa: T201 - see above
        return self._cause is None

    def ask_again(self) -> None:
        """Nothing is retained here."""

    def _pump(self, receiver: Receiver) -> None:
        for line in self._lines:
            said = json.loads(line)
            if "fault" in said:
                self._cause = said["fault"]
                receiver.link(up=self._cause is None)
            else:
                receiver.deliver(said["topic"], base64.b64decode(said["payload"]))


def observed(row: Observation) -> Observed:
    """The hint that this row was committed."""
    snapshot = row.snapshot
    return Observed(
        agent_id=snapshot.agent_id,
        commit_seq=snapshot.commit_seq,
        items=(
            ObservedItem(
                observation_id=snapshot.observation_id,
                camera_id=snapshot.camera_id,
                captured_at_ms=snapshot.captured_at_ms,
                picture=snapshot.picture,
                machines=tuple(
                    Machine(cls=machine.cls, score=machine.score, box=machine.box) for machine in row.machines
                ),
                people=snapshot.people,
                width=snapshot.width,
                height=snapshot.height,
                clock=snapshot.clock,
                times=HopTimes(received_at_ms=snapshot.received_at_ms, committed_at_ms=snapshot.committed_at_ms),
                followed=snapshot.followed,
            ),
        ),
    )


def camera_status(
    camera_id: str, *, state: CameraState = CameraState.ONLINE, cause: str = "", name: str = ""
) -> CameraStatus:
    """What an agent says of a camera."""
    return CameraStatus(
        agent_id=AGENT, camera_id=camera_id, name=name, state=state, cause=cause, since_ms=NOW_MS - 3_600_000
    )


def heartbeat(*, sent_at_ms: int = NOW_MS) -> Heartbeat:
    """What an agent says of itself."""
    ledger = Ledger(selected=9, spooled=9, archived=7, rejected=0, dropped={}, in_flight=2)
    return Heartbeat(
        agent_id=AGENT,
        sent_at_ms=sent_at_ms,
        started_at_ms=NOW_MS - 7_200_000,
        software="0.1.0",
        ledger=ledger,
        cameras={"cam-1": ledger},
        spool_bytes=3_400_000,
        spool_messages=12,
        quarantined=0,
        resent=1,
        redaction_ms=141.5,
    )


def member(
    membership: Membership, agent_id: str = AGENT, *, since_ms: int = NOW_MS - 60_000, ends_ms: int | None = None
) -> RosterEntry:
    """What a roster says of an agent."""
    return RosterEntry(
        agent_id=agent_id,
        site_id="station-street",
        membership=membership,
        since_ms=since_ms,
        certificate_ends_ms=ends_ms,
    )


def roster(key: SealKey, number: int, *members: RosterEntry) -> bytes:
    """A roster as provisioning publishes it."""
    return sealed(key, number, Roster(agents=members))


def sealed(
    key: SealKey, number: int, body: Roster | Configuration | RolloutReport, *, addressee: str = CENTER
) -> bytes:
    """Any document, signed."""
    document = Document(addressee=addressee, number=number, issued_at_ms=NOW_MS, body=body)
    return codec.encode(key.sign(document))


def configured(number: int = 4, verdict: Verdict = Verdict.APPLIED, *, cause: str = "") -> Configured:
    """What an agent says of the configuration it was sent."""
    return Configured(agent_id=AGENT, number=number, verdict=verdict, cause=cause, active=number, at_ms=NOW_MS - 5_000)


def warrant(
    seal_key: SealKey,
    key: SealKey,
    *,
    number: int = 1,
    ends_at_ms: int = NOW_MS + 10**10,
    may: tuple[Power, ...] = tuple(Power),
) -> Sealed:
    """Provisioning's word that this key of the centre may command parse tasks, and the rest of what a key may."""
    body = Warrant(key=key.seal.key, ends_at_ms=ends_at_ms, may=may)
    return seal_key.sign(Document(addressee=TASKS, number=number, issued_at_ms=NOW_MS, body=body))


def tasks_config(
    folder: Path,
    seal_key: SealKey,
    *,
    ends_at_ms: int = NOW_MS + 10**10,
    may: tuple[Power, ...] = tuple(Power),
) -> Tasks:
    """[tasks] of a centre, with its key and its warrant in this folder."""
    key = SealKey.create(folder / "tasks.key")
    (folder / "tasks.warrant").write_bytes(codec.encode(warrant(seal_key, key, ends_at_ms=ends_at_ms, may=may)))
    return Tasks(key_file=folder / "tasks.key", warrant_file=folder / "tasks.warrant")
