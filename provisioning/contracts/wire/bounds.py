"""Bounds on what one agent may say: how many cameras it names, and how large a message is, by its topic.

The broker can only limit every packet alike, so whoever reads a topic looks here before reading on.
"""

from typing import Final

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES, PREFIX

MAX_CAMERAS: Final = 1024
"""That an agent may name at a time. A configuration from afar has 256 at most (`documents.MAX_CAMERAS`)."""
MAX_BYTES: Final = {
    "snapshots": MAX_MESSAGE_BYTES,
    "heartbeat": 4 * 1024**2,
    "assessed": 2 * 1024**2,
    "cameras": 16 * 1024,
    "configured": 16 * 1024,
    "installed": 16 * 1024,
    "tasks": 64 * 1024,
}
"""Of what agents send, by the level behind the agent's name. A test compares with the largest that contracts allow."""


def check_size(topic: str, payload: bytes) -> None:
    """Refuse what is larger than its topic allows; other topics are the services' own, whose bound is the packet's.

    Raises:
        ContractError: it is too large. The text names topic, size and bound.
    """
    kind = kind_of(topic)
    most = MAX_BYTES.get(kind, MAX_MESSAGE_BYTES)
    if len(payload) > most:
        raise ContractError(RejectReason.TOO_LARGE, f"{kind or 'message'} of {len(payload)} bytes, limit {most}")


def kind_of(topic: str) -> str:
    """Return the level behind the agent's name, `cameras` of `wayside/1/agents/street/cameras/east`; else nothing."""
    levels = topic.removeprefix(f"{PREFIX}/agents/").split("/", 2)
    return levels[1] if topic.startswith(f"{PREFIX}/agents/") and len(levels) > 1 else ""


def too_many_cameras(camera_id: str) -> ContractError:
    """Make the refusal of a camera beyond the bound."""
    return ContractError(
        RejectReason.TOO_LARGE,
        f"camera {camera_id} is one more than the {MAX_CAMERAS} that an agent may name: give it fewer cameras, or"
        " revoke it if it made them up",
    )
