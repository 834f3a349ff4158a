"""The models of one agent, shared by its cameras."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from edge_agent.redactor.beside import Beside
from edge_agent.redactor.cover import Image
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection


class TinyFaces(Protocol):
    """The second face detector."""

    def detect(
        self, picture: Image, threshold: float = ..., *, scale: float = ..., max_box_px: float | None = ...
    ) -> list[Detection]:
        """Faces in picture pixels, searched in the picture enlarged by `scale`."""
        ...

    def checked(self, before_run: Callable[[], None]) -> "TinyFaces":
        """See `Detector.checked`."""
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

    def checked(self, before_run: Callable[[], None]) -> Self:
        """The same models for one picture, whose search ends with what `before_run` raises before any run."""
        return replace(
            self,
            machines=self.machines.checked(before_run),
            faces=self.faces.checked(before_run),
            plates=self.plates.checked(before_run),
            tiny_faces=None if self.tiny_faces is None else self.tiny_faces.checked(before_run),
            last_look=None if self.last_look is None else self.last_look.checked(before_run),
        )
