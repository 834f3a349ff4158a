"""Profiles of cameras: name, district, code, place; from the agent, and from the register where that has them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.permissions import CameraKey
from center.assessment.tables import HeardCameraRecord, RegisteredRecord
from center.geometry import Position

Positions = Callable[[Session], Mapping[CameraKey, Position]]
"""Returns every camera's position in the caller's transaction (`CameraPositions.on_file` of `center.search`)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One camera that an agent reported or the register has. Degrees are WGS 84."""

    agent_id: str
    camera_id: str
    name: str
    district: str
    """Empty: the camera has no district."""
    is_registered: bool
    gb_code: str
    latitude: float | None
    longitude: float | None
    first_hour: int | None
    """Begin of its service, hours since the epoch; None: no agent has reported it."""
    left_hour: int | None

    @property
    def key(self) -> CameraKey:
        return CameraKey(self.agent_id, self.camera_id)

    @property
    def title(self) -> str:
        """The name that a user gave it, or its id."""
        return self.name or self.camera_id

    def hours_in(self, first_hour: int, end_hour: int) -> tuple[int, int]:
        """Returns the part of a span in which the camera was in service, as [first, end); empty if first = end."""
        if self.first_hour is None:
            return first_hour, first_hour
        end = end_hour if self.left_hour is None else min(end_hour, self.left_hour + 1)
        first = max(first_hour, self.first_hour)
        return first, max(first, end)


def profiles(session: Session, positions: Positions) -> list[Profile]:
    """Lists every camera, by agent and id. The register's code counts before an id.

    A camera id of digits alone is its code: provisioning accepts no other ids of digits.
    """
    observed = {CameraKey(each.agent_id, each.camera_id): each for each in session.scalars(select(HeardCameraRecord))}
    registered = {CameraKey(each.agent_id, each.camera_id): each for each in session.scalars(select(RegisteredRecord))}
    located = positions(session)
    listed = sorted({*observed, *registered})
    return [_profile(key, observed.get(key), registered.get(key), located.get(key)) for key in listed]


def _profile(
    key: CameraKey, observed: HeardCameraRecord | None, registered: RegisteredRecord | None, position: Position | None
) -> Profile:
    agent_id, camera_id = key
    own_code = camera_id if camera_id.isascii() and camera_id.isdigit() else ""
    return Profile(
        agent_id=agent_id,
        camera_id=camera_id,
        name=(observed.name if observed else "") or (registered.name if registered else ""),
        district=registered.district if registered else "",
        is_registered=registered is not None,
        gb_code=(registered.gb_code if registered else "") or own_code,
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        first_hour=observed.first_hour if observed else None,
        left_hour=observed.left_hour if observed else None,
    )
