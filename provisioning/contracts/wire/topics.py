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
wayside/1/agents/{agent}/tasks                agent   → centre    TaskReport, retained
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
"""Largest MQTT packet of any client; the broker enforces it (`max_packet_size`), the codec checks it first."""

PUBLISHED_AT: Final = "published-at-ms"
"""MQTT user property of an agent's messages: its wall clock at that try, milliseconds since the Unix epoch. It is no
part of the message, whose hash must stay the same when it is sent again."""
SELECTED_AT: Final = "selected-at-ms"
REDACTED_AT: Final = "redacted-at-ms"
SPOOLED_AT: Final = "spooled-at-ms"
"""MQTT user properties by the same clock: times at which the picture was selected, redacted, and safe on the agent's
disk. An agent that was started since then does not know them, and leaves them out."""

SYS: Final = "$SYS/broker"
"""Topics of Mosquitto's own figures, published every `sys_interval`, rendered as 10 s."""
BROKER_FIGURES: Final = (
    f"{SYS}/uptime",
    f"{SYS}/clients/connected",
    f"{SYS}/publish/messages/received",
    f"{SYS}/publish/messages/sent",
    f"{SYS}/publish/messages/dropped",
    f"{SYS}/store/messages/count",
    f"{SYS}/retained messages/count",
)
"""Figures that the centre reads. All but the uptime are published only when they change."""


class Role(StrEnum):
    """Role of an MQTT client. An agent's certificate has the agent id as common name, the others the role's name."""

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
    """Topic to which an agent publishes its snapshots."""
    return f"{PREFIX}/agents/{agent_id}/snapshots"


def snapshots_shared(group: str) -> str:
    """Names the shared subscription by which intake replicas split all snapshots between them.

    `group` must be unknown to agents: a guest in it would swallow its share (`ray_cluster.intake.group`).
    """
    return f"$share/{group}/{PREFIX}/agents/+/snapshots"


def heartbeat(agent_id: str) -> str:
    """Topic of an agent's heartbeats; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/heartbeat"


def camera_status(agent_id: str, camera_id: str) -> str:
    """Topic of one camera's state, retained; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/cameras/{camera_id}"


def assessed(agent_id: str) -> str:
    """Topic of an agent's camera measurements; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/assessed"


def archived(agent_id: str) -> str:
    """Topic of the cluster's acknowledgements to an agent."""
    return f"{PREFIX}/agents/{agent_id}/archived"


def rejected(agent_id: str) -> str:
    """Topic of the messages that the cluster will never accept from an agent."""
    return f"{PREFIX}/agents/{agent_id}/rejected"


def observed(agent_id: str) -> str:
    """Topic of hints to the centre that rows of this agent were committed; `+` reads all."""
    return f"{PREFIX}/observed/{agent_id}"


def configuration(agent_id: str) -> str:
    """Topic of an agent's newest configuration, sealed and retained."""
    return f"{PREFIX}/agents/{agent_id}/configuration"


def configured(agent_id: str) -> str:
    """Topic of the agent's report on its newest configuration, retained; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/configured"


def software(agent_id: str) -> str:
    """Topic of an agent's newest software order, sealed and retained."""
    return f"{PREFIX}/agents/{agent_id}/software"


def installed(agent_id: str) -> str:
    """Topic of the agent's report on its newest software order, retained; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/installed"


def rollout() -> str:
    """Topic of the newest roll-out's state, sealed and retained."""
    return f"{PREFIX}/rollout"


def commands(agent_id: str) -> str:
    """Topic of commands to an agent's parse tasks; never retained."""
    return f"{PREFIX}/agents/{agent_id}/commands"


def tasks(agent_id: str) -> str:
    """Topic of the state of an agent's parse tasks, retained; `+` reads all."""
    return f"{PREFIX}/agents/{agent_id}/tasks"


def roster() -> str:
    """Topic of the roster of all agents, revoked ones marked; sealed and retained."""
    return f"{PREFIX}/roster"


_AGENT_OF: Final = re.compile(rf"^{PREFIX}/(?:agents|observed)/([^/]+)(?:/|$)")


def agent_of(topic: str) -> str:
    """Returns the agent of a topic. The broker's ACL binds it to the sender's certificate, so it is authentic.

    Raises:
        ContractError: the topic is not one of ours or names no valid agent.
    """
    match = _AGENT_OF.match(topic)
    if match is None or not ids.is_agent_id(match.group(1)):
        raise ContractError(RejectReason.MALFORMED, f"topic {topic[:200]!r} names no agent")
    return match.group(1)
