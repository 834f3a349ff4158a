"""Starts a stage's replica in the process of its caller, instead of as a deployment."""

from dataclasses import dataclass
from typing import Any

from provisioning.contracts.config.cluster import ClusterConfig


@dataclass(frozen=True, slots=True)
class Composed:
    """A stage that its caller starts in its own process. Bound in the place of a deployment's handle."""

    replica: type

    async def start(self, config: ClusterConfig) -> Any:
        """Make the replica as Serve does, which awaits a constructor that is a coroutine."""
        replica: Any = object.__new__(self.replica)
        starting = replica.__init__(config)
        if starting is not None:
            await starting
        return replica
