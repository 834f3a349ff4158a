"""Runs the canary as a deployment."""

# ruff: noqa: PLC0415 - a replica imports what it alone needs

import asyncio
from collections.abc import Sequence
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.inference.picture import Photo, Unreadable
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.replica import threads

FACE_MODEL: Final = "centerface"


class CanaryReplica:
    """Replica of the canary: searches each picture at its own size."""

    def __init__(self, config: ClusterConfig) -> None:
        from engines.catalog.catalog import Catalog
        from engines.detection.detector import Detector
        from ray_cluster.inference.canary import Canary

        log_to_stderr()
        detector = Detector.load(Catalog(config.models_dir), FACE_MODEL, threads=threads())
        self._canary = Canary(detector, threshold=config.canary_threshold)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return await asyncio.to_thread(self._canary.inspect, photos)
