"""The head's deployer with cheap stages in the place of the two networks: `python -m tests.support.stub_deployer FILE`.

Placement, batching, handles, intake, archiver and query are the real ones.
"""

import sys
from collections.abc import Sequence
from typing import Any

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.detectors import ParserStatus
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.serve.application import Parts
from ray_cluster.serve.deployer import deploy, main


class StubParser:
    """Finds nothing, at once."""

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `ParserStage`."""
        return [Parsed((), 0) for _ in photos]

    async def reconfigure(self, wanted: dict[str, Any]) -> None:
        """See `ParserReplica`."""

    async def parser_status(self) -> ParserStatus:
        """See `ParserReplica`."""
        return ParserStatus(models={}, in_memory=(), pictures={}, fell_back={}, faults=())


class StubCanary:
    """Finds nothing, at once."""

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `CanaryStage`."""
        return [False] * len(photos)


class StubEmbedder:
    """Looks at nothing."""

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """See `EmbedderStage`."""
        return [(UNSEEN,) * len(request.machines) for request in requests]


def stubbed(config: ClusterConfig) -> None:
    """See `deploy`."""
    # By the module's name, not `__main__`: the replicas import them in processes of their own.
    from tests.support import stub_deployer  # noqa: PLC0415

    deploy(config, parts=Parts(stub_deployer.StubParser, stub_deployer.StubCanary, stub_deployer.StubEmbedder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], stubbed))
