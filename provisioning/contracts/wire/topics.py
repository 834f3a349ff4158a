"""MQTT topics and who may use them. The broker's ACL file is rendered from `RIGHTS`, so the two cannot disagree.

```
wayside/1/agents/{agent}/snapshots            agent   → cluster   one picture and its envelope (codec.encode_snapshot)
wayside/1/agents/{agent}/heartbeat            agent   → centre    Heartbeat
wayside/1/agents/{agent}/cameras/{camera}     agent   → centre    CameraStatus, retained
wayside/1/agents/{agent}/assessed             agent   → centre    Assessed
wayside/1/agents/{agent}/archived             cluster → agent     Archived
wayside/1/agents/{agent}/rejected             cluster → agent     Rejected
wayside/1/observed/{agent}                    cluster → centre    Observed, a hint
wayside/1/agents/{agent}/configuration        provisioning → agent    Sealed, retained
wayside/1/agents/{agent}/commands             centre  → agent     SealedCommand
wayside/1/agents/{agent}/tasks                agent   → centre    Tasks, retained
wayside/1/agents/{agent}/configured           agent   → provisioning, centre    Configured, retained
wayside/1/roster                              provisioning → centre   Sealed, retained
wayside/1/agents/{agent}/software             provisioning → agent    Sealed, retained
wayside/1/agents/{agent}/installed            agent   → provisioning    Installed, retained
wayside/1/rollout                             provisioning → centre   Sealed, retained
$SYS/broker/…                                 the broker itself → centre    figures (BROKER_FIGURES), plain numbers
```
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from provisioning.contracts import ids
from provisioning.contracts.errors import ContractError, RejectReason

PREFIX: Final = "wayside/1"
MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""Largest MQTT packet anybody may send; the broker enforces it (`max_packet_size`), the codec checks it first."""

PUBLISHED_AT: Final = "published-at-ms"
"""MQTT user property of what an agent publishes: its wall clock at that try, milliseconds since the Unix epoch. It is
no part of the message, whose hash must stay the same when it is sent again."""
SELECTED_AT: Final = "selected-at-ms"
REDACTED_AT: Final = "redacted-at-ms"
SPOOLED_AT: Final = "spooled-at-ms"
"""By the same clock, when the picture was chosen, covered, and safe on the agent's disk. An agent that was started
since then does not know, and says nothing."""

SYS: Final = "$SYS/broker"
"""Where Mosquitto tells of itself every `sys_interval`, 10 s as it is rendered."""
BROKER_FIGURES: Final = (
    f"{SYS}/uptime",
    f"{SYS}/clients/connected",
    f"{SYS}/publish/messages/received",
    f"{SYS}/publish/messages/sent",
    f"{SYS}/publish/messages/dropped",
    f"{SYS}/store/messages/count",
    f"{SYS}/retained messages/count",
)
"""Those that the centre reads. All but the uptime are published only when they change."""


class Role(StrEnum):
    """Who connects. An agent's certificate carries the agent id as common name, the others the role's own name."""

    AGENT = "agent"
    CLUSTER = "cluster"
    CENTER = "center"
    PROVISIONING = "provisioning"


class Right(NamedTuple):
    """One line of the broker's ACL; `topic` may hold MQTT wildcards, and `%u` for the certificate's common name."""

    access: str
    topic: str


RIGHTS: Final[dict[Role, tuple[Right, ...]]] = {
    Role.AGENT: (
        Right("write", f"{PREFIX}/agents/%u/snapshots"),
        Right("write", f"{PREFIX}/agents/%u/heartbeat"),
        Right("write", f"{PREFIX}/agents/%u/cameras/+"),
        Right("write", f"{PREFIX}/agents/%u/assessed"),
        Right("write", f"{PREFIX}/agents/%u/configured"),
        Right("write", f"{PREFIX}/agents/%u/installed"),
        Right("read", f"{PREFIX}/agents/%u/archived"),
        Right("read", f"{PREFIX}/agents/%u/rejected"),
        Right("read", f"{PREFIX}/agents/%u/configuration"),
        Right("read", f"{PREFIX}/agents/%u/software"),
        Right("write", f"{PREFIX}/agents/%u/tasks"),
        Right("read", f"{PREFIX}/agents/%u/commands"),
    ),
    Role.CLUSTER: (
        Right("read", f"{PREFIX}/agents/+/snapshots"),
        Right("write", f"{PREFIX}/agents/+/archived"),
        Right("write", f"{PREFIX}/agents/+/rejected"),
        Right("write", f"{PREFIX}/observed/+"),
    ),
    Role.CENTER: (
        Right("read", f"{PREFIX}/agents/+/heartbeat"),
        Right("read", f"{PREFIX}/agents/+/cameras/+"),
        Right("read", f"{PREFIX}/agents/+/assessed"),
        Right("read", f"{PREFIX}/observed/+"),
        Right("read", f"{PREFIX}/roster"),
        Right("read", f"{PREFIX}/rollout"),
        Right("read", f"{PREFIX}/agents/+/configured"),
        Right("read", f"{PREFIX}/agents/+/tasks"),
        Right("write", f"{PREFIX}/agents/+/commands"),
        Right("read", f"{SYS}/#"),
    ),
    Role.PROVISIONING: (
        Right("write", f"{PREFIX}/agents/+/configuration"),
        Right("write", f"{PREFIX}/agents/+/software"),
        Right("write", f"{PREFIX}/roster"),
        Right("write", f"{PREFIX}/rollout"),
        Right("read", f"{PREFIX}/agents/+/configured"),
        Right("read", f"{PREFIX}/agents/+/installed"),
        Right("read", f"{PREFIX}/agents/+/heartbeat"),
        Right("read", f"{PREFIX}/agents/+/cameras/+"),
        # To clear what an agent must not retain there (`bounds`): all else that agents write are fixed topics.
        Right("write", f"{PREFIX}/agents/+/cameras/+"),
    ),
}


def snapshots(agent_id: str) -> str:
    """Where an agent publishes its snapshots."""
    return f"{PREFIX}/agents/{agent_id}/snapshots"


def snapshots_shared(group: str) -> str:
    """Name the shared subscription by which intake replicas split all snapshots between them.

    `group` must be known to no agent: a guest in it would swallow its share (`ray_cluster.intake.group`).
    """
    return f"$share/{group}/{PREFIX}/agents/+/snapshots"


def heartbeat(agent_id: str) -> str:
    """Where an agent says that it lives; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/heartbeat"


def camera_status(agent_id: str, camera_id: str) -> str:
    """Retained state of one camera; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/cameras/{camera_id}"


def assessed(agent_id: str) -> str:
    """Where an agent says how its cameras are; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/assessed"


def archived(agent_id: str) -> str:
    """Where the cluster says what is safe."""
    return f"{PREFIX}/agents/{agent_id}/archived"


def rejected(agent_id: str) -> str:
    """Where the cluster says what it will never take."""
    return f"{PREFIX}/agents/{agent_id}/rejected"


def observed(agent_id: str) -> str:
    """Hint to the centre that rows of this agent were committed; `+` reads all."""
    return f"{PREFIX}/observed/{agent_id}"


def configuration(agent_id: str) -> str:
    """Where an agent finds its newest configuration, sealed and retained."""
    return f"{PREFIX}/agents/{agent_id}/configuration"


def configured(agent_id: str) -> str:
    """Retained: what became of the newest configuration; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/configured"


def software(agent_id: str) -> str:
    """Where an agent finds its newest order to change its software, sealed and retained."""
    return f"{PREFIX}/agents/{agent_id}/software"


def installed(agent_id: str) -> str:
    """Retained: what became of that order; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/installed"


def rollout() -> str:
    """Retained and sealed: how the newest roll-out stands."""
    return f"{PREFIX}/rollout"


def commands(agent_id: str) -> str:
    """Where an agent is told what to do with its parse tasks; never retained."""
    return f"{PREFIX}/agents/{agent_id}/commands"


def tasks(agent_id: str) -> str:
    """Retained: how an agent's parse tasks stand; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/tasks"


def roster() -> str:
    """Retained and sealed: every agent there is, and which of them are revoked."""
    return f"{PREFIX}/roster"


_AGENT_OF: Final = re.compile(rf"^{PREFIX}/(?:agents|observed)/([^/]+)(?:/|$)")


def agent_of(topic: str) -> str:
    """The agent a topic belongs to. The broker's ACL binds it to the sender's certificate, so it may be believed.

    Raises:
        ContractError: the topic is not one of ours or names no valid agent.
    """
    match = _AGENT_OF.match(topic)
    if match is None or not ids.is_agent_id(match.group(1)):
        raise ContractError(RejectReason.MALFORMED, f"topic {topic[:200]!r} names no agent")
    return match.group(1)
