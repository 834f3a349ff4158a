"""Covers faces, plates and people, irreversibly, and fails closed. The only package that makes a `Redacted`."""

import logging
from typing import Self

from edge_agent.clock import Clock
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.redactor.search import Detectors
from engines.catalog import Catalog
from engines.detector import Detector
from engines.errors import DetectorUnavailable
from engines.yunet import Yunet
from provisioning.contracts.config import Camera, EdgeConfig

_log = logging.getLogger(__name__)

MACHINES = "nanodet-g-416"
FACES = "centerface"
PLATES = "clp-det"


class Redactors:
    """The models of one agent and what is made of them: one redactor a camera."""

    def __init__(self, config: EdgeConfig, detectors: Detectors, clock: Clock) -> None:
        self.config = config
        self._detectors = detectors
        self._clock = clock

    @classmethod
    def load(cls, config: EdgeConfig, clock: Clock) -> Self:
        """Check and load every model.

        Raises:
            engines.errors.EngineError: a model is missing, corrupt or unusable; nothing can be redacted then.
        """
        catalog, threads = Catalog(config.models_dir), config.redactor.threads
        machines, faces, plates = (Detector.load(catalog, name, threads=threads) for name in (MACHINES, FACES, PLATES))
        hashes = {detector.engine.name: detector.engine.sha256 for detector in (machines, faces, plates)}
        try:
            tiny_faces = Yunet()
        except DetectorUnavailable as error:
            # Declared, not silent: the envelope of every picture lists the models that looked at it.
            _log.warning("the second face detector is not available on this machine: %s", error)
            return cls(config, Detectors(machines, faces, plates, None, hashes), clock)
        hashes[tiny_faces.name] = tiny_faces.sha256
        return cls(config, Detectors(machines, faces, plates, tiny_faces, hashes), clock)

    def for_camera(self, camera: Camera) -> CameraRedactor:
        """The redactor of one camera."""
        return CameraRedactor(self.config.agent_id, camera, self.config.redactor, self._detectors, self._clock)
