"""Defines arriving pictures and the parser's answers. Only types: intake passes them on and decodes nothing."""

from dataclasses import dataclass

from provisioning.contracts.wire.messages import Box, EdgeDetector, Machine


@dataclass(frozen=True, slots=True)
class Reported:
    """Machines that the edge found in the raw picture, and its detector."""

    detector: EdgeDetector
    machines: tuple[Machine, ...]
    is_trusted: bool
    """The parser may take them without a detection of its own."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A redacted picture with facts of its envelope: size in pixels, covered regions, agent and camera."""

    jpeg: bytes
    width: int
    height: int
    regions: tuple[Box, ...]
    agent_id: str = ""
    camera_id: str = ""
    reported: Reported | None = None
    """None: an older agent, which does not name its detector."""


@dataclass(frozen=True, slots=True)
class DetectorRef:
    """A detector: the name in its manifest, and the hash of its model file."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Machines of one picture that edge and parser could both see, and those that only one of them found."""

    machines: int
    differing: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """Machines that the parser found, or reused. People were counted and forgotten at once."""

    machines: tuple[Machine, ...]
    people: int
    seen_by: DetectorRef | None = None
    reported: tuple[Machine, ...] | None = None
    """The edge's machines from this detector's thresholds on; None: they come from another model, or lack some."""
    compared: Comparison | None = None
    """None: there was nothing to compare, or `machines` are those of the edge, reused without a detection."""

    @property
    def is_reused(self) -> bool:
        """True if the parser took the edge's machines without a detection of its own."""
        return self.reported is not None and self.compared is None


@dataclass(frozen=True, slots=True)
class Sitter:
    """A picture and the machines in it that are to be embedded."""

    photo: Photo
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that cannot be decoded as its envelope states; goes back as *rejected*."""

    detail: str
