"""Defines arriving pictures and the parser's answers. Only types: intake passes them on and decodes nothing."""

from dataclasses import dataclass

from provisioning.contracts.wire.messages import Box, Machine


@dataclass(frozen=True, slots=True)
class Photo:
    """A redacted picture with facts of its envelope: size in pixels, covered regions, agent and camera."""

    jpeg: bytes
    width: int
    height: int
    regions: tuple[Box, ...]
    agent_id: str = ""
    camera_id: str = ""


@dataclass(frozen=True, slots=True)
class DetectorRef:
    """A detector: the name in its manifest, and the hash of its model file."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Machines that the parser found. People were counted and forgotten at once."""

    machines: tuple[Machine, ...]
    people: int
    seen_by: DetectorRef | None = None


@dataclass(frozen=True, slots=True)
class Sitter:
    """A picture and the machines in it that are to be embedded."""

    photo: Photo
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that cannot be decoded as its envelope states; goes back as *rejected*."""

    detail: str
