"""Identifiers of sites, agents, cameras and observations."""

import hashlib
import re
from typing import Annotated, Final, NewType

from pydantic import AfterValidator, StringConstraints

AGENT_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
"""A DNS label: it is a certificate common name, an MQTT topic level and part of a file name."""

CAMERA_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""Wide enough for a 20-digit GB/T 28181 code and for vendor ids; never a `/`, `+` or `#`, which MQTT interprets."""

HASH_PATTERN: Final = r"^[0-9a-f]{64}$"
OBSERVATION_PATTERN: Final = r"^[0-9a-f]{32}$"

RESERVED_AGENTS: Final = frozenset(
    {"broker", "center", "cluster", "enrolment", "evidence", "provisioning", "timestamp"}
)
"""Common names of the centre's own certificates. No agent may look like one of them, in a log or anywhere else."""


def _not_reserved(value: str) -> str:
    if value in RESERVED_AGENTS:
        raise ValueError(f"agent id {value!r} is reserved for the centre's own certificate; choose another")
    return value


SiteId = Annotated[str, StringConstraints(pattern=AGENT_PATTERN)]
AgentId = Annotated[str, StringConstraints(pattern=AGENT_PATTERN), AfterValidator(_not_reserved)]
CameraId = Annotated[str, StringConstraints(pattern=CAMERA_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=HASH_PATTERN)]
ObservationId = Annotated[str, StringConstraints(pattern=OBSERVATION_PATTERN)]
SourceKey = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
"""Tells apart two pictures of one camera at one millisecond: a frame number, a VIID picture id. Never a file name."""

RowKey = NewType("RowKey", str)


def observation_id(camera_id: str, captured_at_ms: int, source_key: str) -> str:
    """Returns the id of an observation: first 128 bits of SHA-256 over (camera, capture time, source key), in hex.

    The parts are joined by NUL, which none of them can contain, so no two triples share a text.
    """
    text = f"{camera_id}\0{captured_at_ms}\0{source_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def row_key(agent_id: str, observation: str) -> RowKey:
    """Returns the key of an archive row.

    The agent comes from the ACL-bound topic, so no agent can squat another's id.
    """
    return RowKey(f"{agent_id}:{observation}")


def agent_of(row_key: str) -> str:
    """Returns the agent of a row key."""
    return row_key.partition(":")[0]


def is_agent_id(value: str) -> bool:
    """True for a text that may name an agent: it has the form of an id and is not reserved."""
    return re.fullmatch(AGENT_PATTERN[1:-1], value) is not None and value not in RESERVED_AGENTS
