"""Covers faces, plates and people, irreversibly, and fails closed. The only package that makes a `Redacted`."""

import logging
from collections.abc import Mapping, Sequence
from typing import Self

from edge_agent.clock import Clock
from edge_agent.redactor import detect
from edge_agent.redactor.beside import Beside
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.redactor import CameraRedactor
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.detection.yunet import Yunet
from engines.errors import DetectorUnavailable
from provisioning.contracts.config.processes import Camera, EdgeConfig

_log = logging.getLogger(__name__)

MACHINES = "nanodet-g-416"
FACES = "centerface"
PLATES = "clp-det"


class Redactors:
    """The models of one agent; makes one redactor a camera."""

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
        machines, faces, plates = (Detector.load(catalog, name) for name in (MACHINES, FACES, PLATES))
        last_look = Detector.load(catalog, FACES, threads=threads) if threads > 1 else faces
        hashes = {detector.engine.name: detector.engine.sha256 for detector in (machines, faces, plates)}
        tiny_faces = _tiny_faces() if config.redactor.detectors == "auto" else None
        if tiny_faces is not None:
            hashes[tiny_faces.name] = tiny_faces.sha256
        detectors = Detectors(machines, faces, plates, tiny_faces, hashes, Beside(threads), last_look)
        return cls(config, detectors, clock)

    def under(self, config: EdgeConfig) -> Self:
        """Return the same models under other settings."""
        return type(self)(config, self._detectors, self._clock)

    def for_camera(self, camera: Camera) -> CameraRedactor:
        """Make the redactor of one camera."""
        return CameraRedactor(self.config.agent_id, camera, self.config.redactor, self._detectors, self._clock)

    def covers_by_cause(self, image: Image) -> Mapping[detect.Cause, Sequence[Rect]]:
        """Return the covers of a first search under the first camera's policy, to measure over-cover.

        Raises EngineError.
        """
        return detect.covers_by_cause(image, self._detectors, self.config.cameras[0].policy)


def _tiny_faces() -> Yunet | None:
    try:
        return Yunet(threads=1)
    except DetectorUnavailable as error:
        # Declared, not silent: the envelope of every picture lists the models that searched it.
        _log.warning("the second face detector is not available on this machine: %s", error)
        return None
