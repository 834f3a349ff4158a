"""Signed documents: provisioning's instructions to agents and centre, and the agents' answers.

`provisioning.signing.documents` signs and verifies. A document is addressed and numbered, so that neither another
agent's nor an older one can pass for it, even through a hostile broker.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from provisioning.contracts.config.processes import (
    HEARTBEAT_S,
    Camera,
    HeartbeatS,
    Recorders,
    Redactor,
    Window,
)
from provisioning.contracts.config.recorder import check_recorders
from provisioning.contracts.fleet.rollout import RolloutReport, SoftwareOrder, Version
from provisioning.contracts.ids import AgentId, SiteId
from provisioning.contracts.wire.messages import CodedCause, Message, TimeMs, Versioned

MAX_CAMERAS = 256
Number = Annotated[int, Field(ge=1, le=2**53)]
Key32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A raw public key of 32 bytes, Ed25519 or X25519, in hex."""


class Configuration(Message):
    """Work of an agent. Its identity and its folders are local settings, and not in here."""

    kind: Literal["configuration"] = "configuration"
    cameras: tuple[Camera, ...] = Field(max_length=MAX_CAMERAS)
    redactor: Redactor = Redactor()
    window: Window = Window()
    heartbeat_s: HeartbeatS = HEARTBEAT_S
    recorders: Recorders = Field(default=(), exclude_if=lambda value: not value)
    """Left out of documents without any, which an older agent takes."""

    @model_validator(mode="after")
    def _nothing_local(self) -> Self:
        """Checks that a sealed document names no file of the box: neither a recording to play nor a secret to read."""
        seen: set[str] = set()
        for camera in self.cameras:
            if camera.id in seen:
                raise ValueError(f"camera ids must differ, found twice: {camera.id}")
            seen.add(camera.id)
            if camera.source.local_files:
                raise ValueError(f"camera {camera.id}: a document may not name files of the agent")
        for recorder in self.recorders:
            if recorder.local_files:
                raise ValueError(f"recorder {recorder.id}: a document may not name files of the agent")
        check_recorders(self.recorders, self.cameras)
        return self


class Membership(StrEnum):
    """Standing of an agent."""

    PENDING = "pending"
    """Registered, and not enrolled yet."""
    ENROLLED = "enrolled"
    REVOKED = "revoked"
    """No message of it is accepted any more."""


class RosterEntry(Message):
    """An agent, its site and its membership."""

    agent_id: AgentId
    site_id: SiteId
    membership: Membership
    since_ms: TimeMs
    certificate_ends_ms: TimeMs | None = None
    """End of its newest certificate, None before it has one."""


class Roster(Message):
    """All agents. Addressed to the centre."""

    kind: Literal["roster"] = "roster"
    agents: tuple[RosterEntry, ...] = Field(max_length=10_000)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Checks that agents are distinct: a duplicate could be revoked in one line and not in the other."""
        if len({entry.agent_id for entry in self.agents}) != len(self.agents):
            raise ValueError("agents: each is named once")
        return self


class Power(StrEnum):
    """Power that a warrant gives to the centre's key."""

    CONTROL = "control"
    """To pause and order tasks and jobs, and to end jobs: it makes an agent do less, or in another order."""
    START = "start"
    """To begin jobs: to fetch recordings, and to look at a live stream more often."""
    UPLOAD = "upload"
    """To permit a user to bring recordings from a browser to a desk agent."""


class Warrant(Message):
    """The key by which the centre may command parse tasks, its powers and its end. It comes with each command."""

    kind: Literal["warrant"] = "warrant"
    key: Key32
    ends_at_ms: TimeMs
    may: tuple[Power, ...] = Field(
        default=(Power.CONTROL,), min_length=1, max_length=8, exclude_if=lambda value: value == (Power.CONTROL,)
    )
    """Left out while it is the default, which an older agent takes."""


CENTER = "center"
"""Addressee of the roster and of a roll-out's report."""
TASKS = "(tasks)"
"""Addressee of a warrant: every agent that has tasks. No agent can have this id."""


class Document(Message):
    """The signed content: a body, for one addressee, with a number that only grows."""

    addressee: str = Field(min_length=1, max_length=64)
    number: Number
    issued_at_ms: TimeMs
    body: Annotated[Configuration | Roster | SoftwareOrder | RolloutReport | Warrant, Field(discriminator="kind")]


class Sealed(Versioned):
    """A document as it travels: the very text that was signed, so that no re-encoding can break the signature."""

    document: str = Field(min_length=2, max_length=4 * 1024 * 1024)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")
    """Ed25519 (RFC 8032) over the context string of `provisioning.signing.documents` and the UTF-8 text, in hex."""


class Verdict(StrEnum):
    """Outcome of a configuration."""

    TRYING = "trying"
    """In use, on probation."""
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"
    """Health fell on probation; the previous one is in use again."""
    REFUSED = "refused"
    """Forged, addressed to another agent, older than one already seen, or impossible. It was never in use."""


class Configured(Versioned):
    """An agent's report on the newest configuration it received; retained."""

    agent_id: AgentId
    number: Number | None
    """Number of the document judged; None if it was unreadable."""
    verdict: Verdict
    cause: str = Field(default="", max_length=500)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent from an older agent."""
    active: Number | None
    """Number of the configuration in use, None while the agent runs on its own file alone."""
    at_ms: TimeMs


class Installed(Versioned):
    """An agent's report on its newest software order; retained. Orders are numbered apart from documents."""

    agent_id: AgentId
    number: Number | None
    """Number of the order judged; None if it was unreadable."""
    verdict: Verdict
    """`trying`: fetched, installed, or on probation."""
    cause: str = Field(default="", max_length=500)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent from an older agent, and where root's part gave the cause."""
    running: Version
    at_ms: TimeMs
