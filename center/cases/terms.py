"""The terms of a case, which are approved and which bound every request to the archive."""

import re
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from center.access.permissions import CameraKey
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass, TimeMs

NUMBER_PATTERN: Final = r"^\w[\w\[\]〔〕()（）.-]{0,63}$"
"""As offices write them, `杭公刑立字〔2026〕0123`; never a slash, white space or a bare dot: it stands in addresses."""
MAX_SPAN_DAYS: Final = 93
MAX_LIFE_DAYS: Final = 180
"""Days after which a case expires at the latest; one that is needed for longer is approved again."""
MAX_DISTRICTS: Final = 32
MAX_COLOURS: Final = 3
MAX_CAMERAS: Final = 256
"""Cameras that a case names one by one, at most."""
DAY_MS: Final = 86_400_000
_CAMERA: Final = rf"^{AGENT_PATTERN[1:-1]}/{CAMERA_PATTERN[1:-1]}$"

Number = Annotated[str, StringConstraints(pattern=NUMBER_PATTERN)]
Purpose = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Source = Annotated[str, StringConstraints(pattern=_CAMERA, max_length=128)]
"""A camera as `agent/camera`."""
_USERNAME: Final = r"^[^\s\x00-\x1f\x7f]+$"
Username = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_USERNAME)]


class Theft(BaseModel):
    """Place and time at which the machine was last known to be its owner's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_ms: TimeMs
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)


class CaseTerms(BaseModel):
    """Purpose and bounds of a case. Of machines alone: there is no field for a person.

    `from_ms` inclusive, `to_ms` exclusive, both of capture times.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Purpose
    owner: Username | None = None
    """None: the user who writes the case."""
    districts: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")], ...] = Field(
        default=(), max_length=MAX_DISTRICTS
    )
    cameras: tuple[Source, ...] = Field(default=(), max_length=MAX_CAMERAS)
    """Cameras besides those of the districts."""
    from_ms: TimeMs
    to_ms: TimeMs
    expires_at_ms: TimeMs
    cls: MachineClass
    colours: tuple[MachineColour, ...] = Field(default=(), max_length=MAX_COLOURS)
    """As the owner says; empty: unknown."""
    theft: Theft | None = None
    standing: bool = False
    """True: fresh rows that resemble the sought machine raise an alarm."""
    standing_from: float = Field(default=0.85, ge=0.5, le=1, allow_inf_nan=False)
    """Least likeness, as a cosine, for such an alarm."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.districts and not self.cameras:
            raise ValueError("districts, cameras: a case has an area; name one of either")
        if not self.from_ms < self.to_ms <= self.from_ms + MAX_SPAN_DAYS * DAY_MS:
            raise ValueError(f"from_ms, to_ms: a span of at most {MAX_SPAN_DAYS} days")
        return self

    @property
    def named_cameras(self) -> frozenset[CameraKey]:
        """Keys of the cameras in `cameras`."""
        return frozenset(CameraKey(*source.split("/", 1)) for source in self.cameras)

    @property
    def classes(self) -> tuple[MachineClass, ...]:
        """Classes of a search without a filter: a detector calls a bicycle a motorcycle and a van a car or truck."""
        return tuple(cls for cls in MachineClass if cls.is_two_wheeler is self.cls.is_two_wheeler)


def is_number(text: str) -> bool:
    """True if a text may be a case's number."""
    return re.fullmatch(NUMBER_PATTERN[1:-1], text) is not None


def is_username(text: str) -> bool:
    """True if a text may be the name of an account."""
    return re.fullmatch(_USERNAME[1:-1], text) is not None
