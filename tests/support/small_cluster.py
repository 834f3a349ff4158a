"""Every stage of the cluster in one process, without Ray: `python -m tests.support.small_cluster CONFIG`.

The product's own intake, parser, second check, embedder, archiver and query with their real networks; what is left out
is Ray between them, which `tests/scenarios/test_cluster_loss.py` has.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.embedding.embedder import Vectoriser
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load, read_secret
from provisioning.contracts.query.archive import IntakeStatus
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.canary import Canary
from ray_cluster.inference.canary_sampler import CanarySampler
from ray_cluster.inference.embedder import Embedder
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import MqttBroker
from ray_cluster.intake.stages import Stages
from ray_cluster.maintenance.erasure import erase_brought
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.reader import Query
from ray_cluster.query.routes import create_app
from ray_cluster.serve.canary_deployment import FACE_MODEL
from ray_cluster.serve.replica import now_ms


class Direct:
    """The stages, called where Ray's handles would be."""

    def __init__(self, config: ClusterConfig) -> None:
        catalog = Catalog(config.models_dir)
        self._parser = Parser.alone(Detector.load(catalog, config.parser_model), threshold=config.parser_threshold)
        self._canary = Canary(Detector.load(catalog, FACE_MODEL), threshold=config.canary_threshold)
        self._embedder = Embedder(Vectoriser.load(catalog, config.embedder_model))
        self._archiver = Archiver(
            config.archive_dir,
            retention_days=config.retention_days,
            offset_minutes=config.day_offset_minutes,
            now=read_clocks(),
        )
        self._writing = asyncio.Lock()

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        async with self._writing:
            return await asyncio.to_thread(self._archiver.known, sightings)

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return await asyncio.to_thread(self._parser.parse, photos)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await asyncio.to_thread(self._canary.inspect, photos)

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        return await asyncio.to_thread(self._embedder.embed, requests)

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        async with self._writing:
            return await asyncio.to_thread(self._archiver.commit, entries, now_ms=now_ms())


async def main(config: ClusterConfig) -> None:
    """Until SIGTERM, which uvicorn obeys."""
    stages = Direct(config)
    proofs = AgentProofs(CanarySampler(config.canary_share).takes, pictures=config.canary_proof, now_ms=now_ms)
    intake = Intake(Stages(stages, stages, stages, stages), proofs=proofs, now_ms=now_ms)
    broker = MqttBroker(config.broker, asyncio.get_running_loop(), intake.deliver)
    acks = Acks(broker)

    async def status() -> IntakeStatus:
        return intake.status(broker, acks)

    query = Query(config.archive_dir, offset_minutes=config.day_offset_minutes)
    lookalike = Lookalike(config.archive_dir, offset_minutes=config.day_offset_minutes, now_ms=now_ms)
    app = create_app(
        query,
        stages,
        lookalike,
        token=read_secret(config.query_token_file),
        ask_intake=status,
        erase=lambda request: erase_brought(
            config.archive_dir, request, offset_minutes=config.day_offset_minutes, now_ms=now_ms()
        ),
    )
    working = asyncio.create_task(intake.run(broker, acks))
    broker.start()
    server = uvicorn.Server(uvicorn.Config(app, host=config.query_host, port=config.query_port, log_level="warning"))
    try:
        await server.serve()
    finally:
        working.cancel()
        await asyncio.to_thread(broker.stop)


if __name__ == "__main__":
    asyncio.run(main(load(ClusterConfig, Path(sys.argv[1]))))
