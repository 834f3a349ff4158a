"""Bounds an agent's messages: the number of cameras it names, and the size of a message, by its topic.

The broker can only limit all packets alike, so every reader of a topic checks the size here first.
"""

from typing import Final

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES, PREFIX

MAX_CAMERAS: Final = 1024
"""Cameras that an agent may name at a time. A sealed configuration has 256 at most (`documents.MAX_CAMERAS`)."""
MAX_BYTES: Final = {
    "snapshots": MAX_MESSAGE_BYTES,
    "heartbeat": 4 * 1024**2,
    "assessed": 2 * 1024**2,
    "cameras": 16 * 1024,
    "configured": 16 * 1024,
    "installed": 16 * 1024,
    "tasks": 512 * 1024,
}
"""Largest messages of agents, by the topic level after the agent's id. A test compares them with the contracts."""


def check_size(topic: str, payload: bytes) -> None:
    """Refuses messages larger than their topic allows; topics of the services have the packet's bound.

    Raises:
        ContractError: it is too large. The text names topic, size and bound.
    """
    kind = kind_of(topic)
    most = MAX_BYTES.get(kind, MAX_MESSAGE_BYTES)
    if len(payload) > most:
        raise ContractError(RejectReason.TOO_LARGE, f"{kind or 'message'} of {len(payload)} bytes, limit {most}")


def kind_of(topic: str) -> str:
    """Returns the level after the agent's id, `cameras` of `wayside/1/agents/street/cameras/east`; else nothing."""
    levels = topic.removeprefix(f"{PREFIX}/agents/").split("/", 2)
    return levels[1] if topic.startswith(f"{PREFIX}/agents/") and len(levels) > 1 else ""


def too_many_cameras(camera_id: str) -> ContractError:
    """Makes the error for a camera beyond the bound."""
    return ContractError(
        RejectReason.TOO_LARGE,
        f"camera {camera_id} is one more than the {MAX_CAMERAS} that an agent may name: give it fewer cameras, or"
        " revoke it if it made them up",
    )
