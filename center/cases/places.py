"""Where and when the machine of a case is known to have been."""

from dataclasses import dataclass

from center.geometry import Position


@dataclass(frozen=True, slots=True)
class Anchor:
    """The machine was here then: the theft, or a sighting that somebody confirmed."""

    at_ms: int
    place: Position
    because: str = ""
    """Row key of the sighting; empty: the theft."""
    agent_id: str = ""
    camera_id: str = ""
