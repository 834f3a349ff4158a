"""Keeps the last state of machines and deployments in a file of the head's `state_dir`, and lists its faults.

A file, since it must be readable when no process answers, and without starting Ray (2 s and 150 MB).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioning.contracts.config.cluster import NodeRole
from provisioning.files import durable
from ray_cluster.errors import NotUp

FILE: Final = "condition.json"
STALE_S: Final = 20.0
WELL: Final = frozenset({"HEALTHY", "UPSCALING", "DOWNSCALING"})
"""States of Ray Serve in which a deployment does its work."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(_Frozen):
    """A machine that the head counts as alive."""

    address: str
    roles: tuple[str, ...]
    slots: float
    """Slots for replicas of the parser."""


class Deployed(_Frozen):
    """State of one deployment."""

    name: str
    status: str
    replicas: dict[str, int]
    """Number of replicas by state."""
    scale: str
    """Number of replicas that it may have."""
    message: str = ""
    stages: tuple[str, ...] = Field(default=(), exclude_if=lambda stages: not stages)
    """Stages that run in its processes, and so share its status."""


class Condition(_Frozen):
    """State of machines and deployments at one moment."""

    at_ms: int
    application: str
    machines: tuple[Machine, ...]
    deployments: tuple[Deployed, ...]

    @classmethod
    def read(cls, state_dir: Path) -> Self:
        """Read the file in `state_dir`. Raises `NotUp` if there is none or it cannot be read."""
        path = state_dir / FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise NotUp(f"{path}: no condition yet; this is reported on the head, while it is up") from error

    def write(self, state_dir: Path) -> None:
        """Replace the file in `state_dir`. Raises OSError."""
        durable.write(state_dir / FILE, self.model_dump_json().encode(), mode=durable.PUBLIC)

    def troubles(self, now_ms: int) -> Iterator[str]:
        """List faults, one line each."""
        age_s = (now_ms - self.at_ms) / 1000
        if age_s > STALE_S:
            yield f"the head has said nothing for {age_s:.0f} s"
        present = {role for machine in self.machines for role in machine.roles}
        for role in NodeRole:
            if role.value not in present:
                yield f"no machine has the role {role.value}"
        if not self.deployments:
            yield "nothing is deployed"
        for deployed in self.deployments:
            if deployed.status not in WELL or not deployed.replicas.get("RUNNING"):
                yield f"{deployed.name} is {deployed.status.lower()}: {deployed.message or 'no replica runs'}"
