"""Holds the models of one agent, shared by its cameras."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from edge_agent.redactor.beside import Beside
from edge_agent.redactor.cover import Image
from engines.detection.detector import Detector
from engines.detection.postprocess import Detection
from engines.manifest import Group


class TinyFaces(Protocol):
    """The second face detector."""

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = ...,
        thresholds: Mapping[Group, float] | None = ...,
        run_px: int = ...,
        small_only: bool = ...,
    ) -> list[Detection]:
        """Detect faces in the picture enlarged by `scale`; boxes in the picture's pixels."""
        ...

    def checked(self, before_run: Callable[[], None]) -> "TinyFaces": ...


@dataclass(frozen=True, slots=True)
class Detectors:
    machines: Detector
    people: Detector
    faces: Detector
    plates: Detector
    text: Detector
    """Searches pushed pictures only."""
    tiny_faces: TinyFaces
    hashes: dict[str, str]
    """Catalog name → sha256 of each model that searches every picture."""
    beside: Beside = field(default_factory=Beside)
    """Runs one search while another runs."""
    last_look: Detector | None = None
    """`faces` on all cores, to search the encoded picture: nothing else is left to run beside it."""

    def checked(self, before_run: Callable[[], None]) -> Self:
        """Return the same models for one picture.

        `before_run` is called before every run; its error ends the search.
        """
        return replace(
            self,
            machines=self.machines.checked(before_run),
            people=self.people.checked(before_run),
            faces=self.faces.checked(before_run),
            plates=self.plates.checked(before_run),
            text=self.text.checked(before_run),
            tiny_faces=self.tiny_faces.checked(before_run),
            last_look=None if self.last_look is None else self.last_look.checked(before_run),
        )
