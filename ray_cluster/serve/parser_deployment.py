"""Runs the parser as a deployment."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ray import serve

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.detectors import DetectorPlan, ParserStatus, WantedDetectors
from ray_cluster.errors import BadAssignment
from ray_cluster.inference.picture import Parsed, Photo, Unreadable
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.parser_scaling import ReportsBacklog
from ray_cluster.serve.replica import threads

if TYPE_CHECKING:
    from engines.detection.detector import Detector

LOG = logging.getLogger(__name__)


class ParserReplica(ReportsBacklog):
    """Replica of the parser: pictures of several calls go together through the network of their cameras' detector."""

    def __init__(self, config: ClusterConfig) -> None:
        from ray_cluster.inference.assignment import assigned, default_choice
        from ray_cluster.inference.detector_pool import DetectorPool
        from ray_cluster.inference.parser import Parser

        log_to_stderr()
        self._models_dir = config.models_dir
        self._default = default_choice(config.parser_model, config.parser_threshold)
        first = assigned(DetectorPlan(), self._default)
        self._parser = Parser(DetectorPool(self._load, most=config.detectors_in_memory), first)
        self._parser.adopt(first, {})
        self._adopting = asyncio.Lock()
        self._wanted: WantedDetectors | None = None
        self._work: asyncio.Task[None] | None = None
        batched: Any = self.parse
        batched.set_max_batch_size(config.parser_batch)
        batched.set_batch_wait_timeout_s(config.parser_batch_wait_ms / 1000)

    async def reconfigure(self, wanted: dict[str, Any]) -> None:
        """Adopt the head's `WantedDetectors`; Serve calls this before the first picture, and on a change.

        A replica at work keeps its detectors until the new ones are loaded; it takes pictures meanwhile, and never
        raises for one that does not load: Serve would replace the replica again and again.
        """
        is_first = self._wanted is None
        self._wanted = WantedDetectors.model_validate(wanted)
        self._work = asyncio.get_running_loop().create_task(self._adopt())
        if is_first:
            await self._work

    @serve.batch(max_batch_size=8, batch_wait_timeout_s=0.02, batch_size_fn=lambda calls: sum(map(len, calls)))
    async def parse(self, calls: list[Sequence[Photo]]) -> list[list[Parsed | Unreadable]]:
        """Parse pictures; Serve batches `calls`."""
        answers = iter(await asyncio.to_thread(self._parser.parse, [photo for photos in calls for photo in photos]))
        return [[next(answers) for _ in photos] for photos in calls]

    async def parser_status(self) -> ParserStatus:
        return self._parser.status()

    async def _adopt(self) -> None:
        from ray_cluster.inference.assignment import assigned

        async with self._adopting:
            wanted = self._wanted
            if wanted is None:
                return
            try:
                await asyncio.to_thread(self._parser.adopt, assigned(wanted.plan, self._default), wanted.models)
            except BadAssignment as error:
                # Serve has no use for the error: `status` reports it, and so does /health.
                LOG.error("%s", error)  # noqa: TRY400 - its text is made for people
            else:
                LOG.info("detectors: %s", ", ".join(wanted.models) or self._default.name)
                if wanted.refused:
                    self._parser.note(wanted.refused)

    def _load(self, name: str) -> "Detector":
        """Load a detector, in eight bits if it has them, and run it once.

        Reads the catalog anew, since a customer may have added to it.
        """
        from engines.catalog.catalog import Catalog
        from engines.detection.detector import Detector

        catalog = Catalog(self._models_dir)
        detector = Detector.load(catalog, catalog.fitted(name), threads=threads())
        detector.probe()
        return detector
