"""Runs `query` as a deployment."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import ray
from ray import serve

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.query.archive import ClusterNode, ClusterNodes, IntakeStatus
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from ray_cluster.errors import Unavailable
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Photo, Sitter, Unreadable
from ray_cluster.intake.status import total
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.handles import Handle, answer, answer_all
from ray_cluster.serve.metrics import query_families
from ray_cluster.serve.replica import now_ms, open_metrics

_PATIENCE_S: Final = 5.0

if TYPE_CHECKING:
    from fastapi import FastAPI


@serve.ingress()
class QueryReplica:
    """Replica of `query`: HTTP in front of the archive."""

    _metrics: ExitStack | None = None

    def __init__(
        self, config: ClusterConfig, intake: Handle, parser: Handle, canary: Handle, embedder: Handle, *_upkeeps: Handle
    ) -> None:
        # Upkeeps are only named here: Serve starts deployments that another one has a handle of. `parser` is the
        # intake's handle if that has the parser in its process.
        from ray_cluster.query.admission import Admission
        from ray_cluster.query.lookalike import Lookalike
        from ray_cluster.query.reader import Query

        log_to_stderr()
        self._token = read_secret(config.query_token_file)
        self._directory = config.archive_dir
        self._offset_minutes = config.day_offset_minutes
        self._query = Query(config.archive_dir, offset_minutes=config.day_offset_minutes, pack_store=config.pack_store)
        self._lookalike = Lookalike(config.archive_dir, offset_minutes=config.day_offset_minutes, now_ms=now_ms)
        self._admission = Admission()
        self._metrics = open_metrics(lambda: query_families(self._admission, self._query.pack_store), config, "query")
        self._intake = intake
        self._parser = parser
        self._canary = canary
        self._embedder = embedder

    async def ask_intake(self) -> IntakeStatus:
        """Sum the counters of all intakes. Raises `Unavailable`."""
        return total(await answer(self._intake.broadcast("status").results_async(timeout_s=_PATIENCE_S)))

    def erase(self, request: ErasureRequest) -> ErasureAnswer:
        """Erase a brought picture; raises as `erasure.erase_brought`."""
        from ray_cluster.maintenance.erasure import erase_brought

        return erase_brought(self._directory, request, offset_minutes=self._offset_minutes, now_ms=now_ms())

    async def ask_parsers(self) -> ParsersStatus:
        """Ask each replica of the parser for its status. Raises `Unavailable`."""
        return ParsersStatus(parsers=tuple(await answer_all(self._parser, "parser_status")))

    async def ask_nodes(self) -> ClusterNodes:
        """Ask Ray's head for its machines. Raises `Unavailable`."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await asyncio.to_thread(ray.nodes)
        except TimeoutError as error:
            raise Unavailable(f"Ray's head does not answer within {_PATIENCE_S:.0f} s") from error
        return ClusterNodes(
            nodes=tuple(ClusterNode(alive=node["Alive"], gpus=node["Resources"].get("GPU", 0.0)) for node in found)
        )

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await answer(self._canary.inspect.remote(photos))

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        return await answer(self._embedder.embed.remote(requests))

    def __serve_build_asgi_app__(self) -> "FastAPI":
        """Create the application of the routes; Serve calls this after the constructor."""
        from ray_cluster.query.routes import create_app

        return create_app(
            self._query,
            self,
            self._lookalike,
            token=self._token,
            ask_intake=self.ask_intake,
            ask_parsers=self.ask_parsers,
            ask_nodes=self.ask_nodes,
            erase=self.erase,
            admission=self._admission,
        )

    def __del__(self) -> None:
        """Close the server of metrics; Serve calls this on shutdown."""
        if self._metrics is not None:
            self._metrics.close()
