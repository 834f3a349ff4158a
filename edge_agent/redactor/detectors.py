"""The models of one agent, shared by its cameras."""

from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.redactor.beside import Beside
from edge_agent.redactor.cover import Image
from engines.detection import Detection
from engines.detector import Detector


class TinyFaces(Protocol):
    """The second face detector."""

    def detect(
        self, picture: Image, threshold: float = ..., *, scale: float = ..., max_box_px: float | None = ...
    ) -> list[Detection]:
        """Faces in picture pixels, searched in the picture enlarged by `scale`."""
        ...


@dataclass(frozen=True, slots=True)
class Detectors:
    """`tiny_faces` is None where its package has no build or the configuration wants none; the envelope says so."""

    machines: Detector
    faces: Detector
    plates: Detector
    tiny_faces: TinyFaces | None
    hashes: dict[str, str]
    """Catalog name → sha256 of what looked at the picture."""
    beside: Beside = field(default_factory=Beside)
    """Where a search may run while another does."""
    last_look: Detector | None = None
    """`faces` on all cores, for the look at the encoded picture: nothing else is left to run beside it."""
