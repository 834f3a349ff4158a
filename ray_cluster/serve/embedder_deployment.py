"""Runs the embedder as a deployment."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
from collections.abc import Sequence
from typing import Any

from ray import serve

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import StartFailed
from ray_cluster.inference.appearance import DIMENSIONS, Appearance
from ray_cluster.inference.picture import Sitter, Unreadable
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.replica import threads


class EmbedderReplica:
    """Replica of the embedder: machines of several calls go through the network together."""

    def __init__(self, config: ClusterConfig) -> None:
        from engines.catalog.catalog import Catalog
        from engines.embedding.embedder import Vectoriser
        from ray_cluster.inference.embedder import Embedder

        log_to_stderr()
        model = Vectoriser.load(Catalog(config.models_dir), config.embedder_model, threads=threads())
        if model.embedding.dimensions != DIMENSIONS:
            raise StartFailed(
                f"{config.embedder_model} makes vectors of {model.embedding.dimensions} numbers, the archive has room "
                f"for {DIMENSIONS}: give it a projection of that many"
            )
        self._embedder = Embedder(model)
        batched: Any = self.embed
        batched.set_max_batch_size(config.embedder_batch)
        batched.set_batch_wait_timeout_s(config.embedder_batch_wait_ms / 1000)

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.005, batch_size_fn=lambda calls: sum(map(len, calls)))
    async def embed(self, calls: list[Sequence[Sitter]]) -> list[list[tuple[Appearance, ...] | Unreadable]]:
        """Embed machines; Serve batches `calls`."""
        answers = iter(await asyncio.to_thread(self._embedder.embed, [one for requests in calls for one in requests]))
        return [[next(answers) for _ in requests] for requests in calls]
