"""Covers faces, plates and people, irreversibly, and fails closed. The only package that makes a `Redacted`."""

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
from provisioning.contracts.config.processes import Camera, EdgeConfig

PEOPLE = "nanodet-g-416"
"""Finds people in float32, and machines in eight bits."""
FACES = "centerface"
"""Runs in eight bits; the centre searches for faces in float32."""
SMALL_FACES = "yunet"
PLATES = "clp-det"
TEXT = "pp-ocr-v4-text"


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
        names = models_of(catalog)
        loaded = {name: Detector.load(catalog, name) for name in dict.fromkeys(names)}
        machines, people, faces, tiny_faces, plates, text = (loaded[name] for name in names)
        last_look = Detector.load(catalog, faces.name, threads=threads) if threads > 1 else faces
        hashes = {each.engine.name: each.engine.sha256 for each in (machines, people, faces, tiny_faces, plates)}
        detectors = Detectors(machines, people, faces, plates, text, tiny_faces, hashes, Beside(threads), last_look)
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


def models_of(catalog: Catalog) -> tuple[str, str, str, str, str, str]:
    """Name in the catalog what redaction cannot do without on this machine. Raises ProcessorUnfit."""
    return catalog.fitted(PEOPLE), PEOPLE, catalog.fitted(FACES), SMALL_FACES, PLATES, TEXT
