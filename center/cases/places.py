"""Places and times at which the machine of a case is known to have been."""

from dataclasses import dataclass

from center.geometry import Position


@dataclass(frozen=True, slots=True)
class Anchor:
    """A known place and time of the machine: the theft, or a sighting that a user confirmed."""

    at_ms: int
    place: Position
    because: str = ""
    """Row key of the sighting; empty: the theft."""
    agent_id: str = ""
    camera_id: str = ""
