"""Routes of districts: named groups of cameras."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from center.access.districts import DISTRICT_PATTERN, MAX_CAMERAS, NamedDistrict
from center.access.errors import (
    DistrictAssessedError,
    DistrictInUseError,
    DistrictNamedError,
    DistrictTakenError,
    UnknownDistrictError,
)
from center.access.permissions import CameraKey, Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.services import Asker, Served
from provisioning.contracts.ids import AgentId, CameraId

router = APIRouter(prefix="/districts", tags=["districts"])

DistrictId = Annotated[str, Path(pattern=DISTRICT_PATTERN)]
_VIEW, _EDIT = needs(Permission.DISTRICT_VIEW), needs(Permission.DISTRICT_EDIT)


class CameraRef(BaseModel):
    """A camera, perhaps one that has not reported yet."""

    agent_id: AgentId
    camera_id: CameraId


class NewDistrict(BaseModel):
    """A district without cameras."""

    district_id: str = Field(pattern=DISTRICT_PATTERN)
    name: str = Field(min_length=1, max_length=128)


class DistrictView(BaseModel):
    """A district with its cameras."""

    district_id: str
    name: str
    cameras: tuple[CameraRef, ...]
    second_account: bool
    """True: a version of a rule for its cameras is switched on by another account than its author's."""


class SecondAccount(BaseModel):
    """Setting of a district."""

    second_account: bool


@router.get("", operation_id="list_districts", openapi_extra=_VIEW)
def list_districts(services: Served, asker: Asker) -> tuple[DistrictView, ...]:
    """List the districts in which the account has a role, by id."""
    mine = asker.access.districts(Permission.DISTRICT_VIEW)
    return tuple(_shown(each) for each in services.districts.all() if mine is None or each.district_id in mine)


@router.post(
    "",
    operation_id="add_district",
    status_code=201,
    openapi_extra=_EDIT,
    responses=documented(DistrictTakenError, DistrictNamedError),
)
def add_district(body: NewDistrict, services: Served, asker: Asker) -> DistrictView:
    """Add a district without cameras."""
    return _shown(services.districts.create(body.district_id, body.name, actor=asker.actor))


@router.get(
    "/{district_id}",
    operation_id="get_district",
    openapi_extra=_VIEW,
    responses=documented(UnknownDistrictError),
)
def get_district(district_id: DistrictId, services: Served, asker: Asker) -> DistrictView:
    """Show one district with its cameras."""
    mine = asker.access.districts(Permission.DISTRICT_VIEW)
    if mine is not None and district_id not in mine:
        raise UnknownDistrictError(district_id=district_id)
    return _shown(services.districts.get(district_id))


@router.put(
    "/{district_id}/cameras",
    operation_id="set_district_cameras",
    openapi_extra=_EDIT,
    responses=documented(UnknownDistrictError),
)
def set_district_cameras(
    district_id: DistrictId,
    body: Annotated[tuple[CameraRef, ...], Field(max_length=MAX_CAMERAS)],
    services: Served,
    asker: Asker,
) -> DistrictView:
    """Replace the cameras of a district. Open pages and the next request see the change."""
    cameras = [CameraKey(each.agent_id, each.camera_id) for each in body]
    return _shown(services.districts.set_cameras(district_id, cameras, actor=asker.actor))


@router.put(
    "/{district_id}/second-account",
    operation_id="set_district_second_account",
    openapi_extra=_EDIT,
    responses=documented(UnknownDistrictError),
)
def set_district_second_account(
    district_id: DistrictId, body: SecondAccount, services: Served, asker: Asker
) -> DistrictView:
    """Set whether rules of the district's cameras are switched on by a second account."""
    return _shown(services.districts.want_second_account(district_id, wanted=body.second_account, actor=asker.actor))


@router.delete(
    "/{district_id}",
    operation_id="remove_district",
    status_code=204,
    openapi_extra=_EDIT,
    responses=documented(UnknownDistrictError, DistrictInUseError, DistrictAssessedError),
)
def remove_district(district_id: DistrictId, services: Served, asker: Asker) -> None:
    """Delete a district in which no account has a role."""
    services.districts.remove(district_id, actor=asker.actor)


def _shown(district: NamedDistrict) -> DistrictView:
    return DistrictView(
        district_id=district.district_id,
        name=district.name,
        cameras=tuple(CameraRef(agent_id=key.agent_id, camera_id=key.camera_id) for key in district.cameras),
        second_account=district.second_account,
    )
