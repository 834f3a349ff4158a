"""A picture as it arrived, and what the parser says of it. Only types: intake passes them on and decodes nothing."""

from dataclasses import dataclass

from provisioning.contracts.messages import Box, Machine


@dataclass(frozen=True, slots=True)
class Photo:
    """One redacted picture and what its envelope states of it: size in pixels, covered regions."""

    jpeg: bytes
    width: int
    height: int
    regions: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser found. People were counted and forgotten at once."""

    machines: tuple[Machine, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that cannot be decoded as what its envelope states; goes back as *rejected*."""

    detail: str
