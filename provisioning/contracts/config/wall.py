"""Settings of the situation wall: how it turns its pages, and the contract's targets that figures stand beside."""

from typing import Annotated

from pydantic import Field

from provisioning.contracts.section import Section

Target = Annotated[int, Field(ge=1, le=2**53)]


class WallTargets(Section):
    """`[wall.targets]` of the centre: figures that the contract promises. One that is not set is not shown."""

    cameras: Target | None = None
    districts: dict[Annotated[str, Field(max_length=63)], Target] = Field(default_factory=dict, max_length=1000)
    """Cameras by id of a district."""
    streams: Target | None = None
    """Cameras online at a time."""
    pictures_per_s: Annotated[float, Field(gt=0, le=1e9)] | None = None
    acknowledge_s: Target | None = None
    """Seconds within which an alarm is acknowledged or closed."""
    storage_days: Target | None = None
    """Days for which the archive's disk still has room."""


class Wall(Section):
    """`[wall]` of the centre."""

    turn_s: float = Field(default=20.0, ge=0.1, le=600)
    """Seconds for which a page stays."""
    refresh_s: float = Field(default=10.0, ge=0.2, le=300)
    """Interval of new figures. Figures older than three of these are taken off the screen."""
    targets: WallTargets = WallTargets()
