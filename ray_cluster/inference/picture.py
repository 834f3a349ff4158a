"""A picture as it arrived, and what the parser says of it. Only types: intake passes them on and decodes nothing."""

from dataclasses import dataclass

from provisioning.contracts.wire.messages import Box, Machine


@dataclass(frozen=True, slots=True)
class Photo:
    """One redacted picture and what its envelope states of it: size in pixels, covered regions, whose it is."""

    jpeg: bytes
    width: int
    height: int
    regions: tuple[Box, ...]
    agent_id: str = ""
    camera_id: str = ""


@dataclass(frozen=True, slots=True)
class SeenBy:
    """A detector: the name in its manifest, and the hash of its model file."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser found. People were counted and forgotten at once."""

    machines: tuple[Machine, ...]
    people: int
    seen_by: SeenBy | None = None


@dataclass(frozen=True, slots=True)
class Sitter:
    """A picture and the machines in it whose looks are asked for."""

    photo: Photo
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that cannot be decoded as what its envelope states; goes back as *rejected*."""

    detail: str
