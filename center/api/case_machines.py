"""Routes of the work in a case: the sought machine, candidates, sightings, cameras to ask for footage."""

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.cases import CaseId
from center.api.errors import QUERY_ERRORS, documented
from center.api.observations import JPEG, PICTURE, RowKey, whole
from center.cases.errors import (
    CaseNotApprovedError,
    CaseStateError,
    CaseTermsError,
    DeskMissingError,
    ForeignPictureError,
    ForgedPictureError,
    NothingSoughtError,
    TooManyQuestionsError,
    UnknownCaseError,
    UnknownCaseMachineError,
    UnsignedPictureError,
)
from center.cases.lookalike_search import SearchFilters
from center.cases.views import (
    JudgedMachine,
    MachineList,
    MachineVerdict,
    PictureList,
    PictureView,
    SearchView,
    WindowList,
)
from center.errors import (
    NoPictureError,
    NotComparableError,
    PictureBrokenError,
    QueryRefusedError,
    UnknownObservationError,
)
from center.search.client import ROW_KEY_PATTERN
from center.search.views import ObservationView
from center.services import Asker, Served, Sight

router = APIRouter(tags=["cases"])

Index = Annotated[int, Path(ge=0, lt=512)]
_VIEW: Final = needs(Permission.CASE_VIEW)
_EDIT: Final = needs(Permission.CASE_EDIT)
_SEARCH: Final = needs(Permission.OBSERVATION_SEARCH)


class SoughtMachine(BaseModel):
    """A machine of an observation: of the archive, or of a picture that the desk agent brought for this case."""

    model_config = ConfigDict(extra="forbid")

    row_key: str = Field(pattern=ROW_KEY_PATTERN)
    index: int = Field(ge=0, lt=512)


class Judgement(BaseModel):
    """A user's decision on a candidate; `candidate` takes it back."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal[MachineVerdict.CONFIRMED, MachineVerdict.REJECTED, MachineVerdict.CANDIDATE]


@router.get(
    "/cases/{case_id}/sought", operation_id="list_sought", openapi_extra=_VIEW, responses=documented(UnknownCaseError)
)
async def list_sought(case_id: CaseId, services: Served, sight: Sight) -> MachineList:
    """List the pictures of the sought machine."""
    return await services.cases.lookalikes.machines(case_id, (MachineVerdict.SOUGHT,), sight=sight)


@router.post(
    "/cases/{case_id}/sought",
    operation_id="add_sought",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(
        UnknownCaseError,
        *QUERY_ERRORS,
        UnknownObservationError,
        UnknownCaseMachineError,
        ForeignPictureError,
        UnsignedPictureError,
        ForgedPictureError,
        NoPictureError,
        PictureBrokenError,
        DeskMissingError,
        CaseStateError,
    ),
)
async def add_sought(
    case_id: CaseId, body: SoughtMachine, services: Served, asker: Asker, sight: Sight
) -> JudgedMachine:
    """Add a picture of the sought machine."""
    return await services.cases.lookalikes.seek(case_id, body.row_key, body.index, asker=asker, sight=sight)


@router.delete(
    "/cases/{case_id}/sought/{row_key}/{index}",
    operation_id="drop_sought",
    openapi_extra=_EDIT,
    status_code=204,
    responses=documented(UnknownCaseError, UnknownCaseMachineError, CaseStateError),
)
def drop_sought(case_id: CaseId, row_key: RowKey, index: Index, services: Served, asker: Asker, sight: Sight) -> None:
    """Remove a picture from those of the sought machine."""
    services.cases.case_machines.drop(case_id, row_key, index, asker=asker, sight=sight)


@router.get(
    "/cases/{case_id}/pictures",
    operation_id="list_case_pictures",
    openapi_extra=_EDIT,
    responses=documented(UnknownCaseError, *QUERY_ERRORS),
)
async def list_case_pictures(case_id: CaseId, services: Served, asker: Asker, sight: Sight) -> PictureList:
    """List the places for pictures, and which of them the desk agent has filled."""
    places = await asyncio.to_thread(services.cases.pictures.places, case_id, asker=asker, sight=sight)
    return await services.cases.pictures.arrived(places)


@router.post(
    "/cases/{case_id}/pictures",
    operation_id="add_case_picture",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(UnknownCaseError, DeskMissingError, CaseStateError),
)
def add_case_picture(case_id: CaseId, services: Served, asker: Asker, sight: Sight) -> PictureView:
    """Make a place for a picture. The picture itself goes to the desk agent, never here."""
    return services.cases.pictures.place(case_id, asker=asker, sight=sight)


@router.post(
    "/cases/{case_id}/search",
    operation_id="search_case",
    openapi_extra=_SEARCH,
    responses=documented(
        UnknownCaseError,
        *QUERY_ERRORS,
        QueryRefusedError,
        CaseNotApprovedError,
        CaseTermsError,
        NothingSoughtError,
        TooManyQuestionsError,
        NotComparableError,
    ),
)
async def search_case(case_id: CaseId, body: SearchFilters, services: Served, asker: Asker, sight: Sight) -> SearchView:
    """Search the archive for machines like the sought one; the answer replaces the candidates."""
    return await services.cases.lookalikes.search(case_id, body, asker=asker, sight=sight)


@router.get(
    "/cases/{case_id}/candidates",
    operation_id="list_candidates",
    openapi_extra=_VIEW,
    responses=documented(UnknownCaseError),
)
async def list_candidates(case_id: CaseId, services: Served, sight: Sight) -> MachineList:
    """List candidates of the last search that are not decided on, best first."""
    return await services.cases.lookalikes.machines(case_id, (MachineVerdict.CANDIDATE,), sight=sight)


@router.get(
    "/cases/{case_id}/sightings",
    operation_id="list_sightings",
    openapi_extra=_VIEW,
    responses=documented(UnknownCaseError),
)
async def list_sightings(case_id: CaseId, services: Served, sight: Sight) -> MachineList:
    """Confirmed sightings of the machine by capture time, with places."""
    return await services.cases.lookalikes.machines(case_id, (MachineVerdict.CONFIRMED,), sight=sight)


@router.get(
    "/cases/{case_id}/rejected",
    operation_id="list_rejected",
    openapi_extra=_VIEW,
    responses=documented(UnknownCaseError),
)
async def list_rejected(case_id: CaseId, services: Served, sight: Sight) -> MachineList:
    """List rejected candidates by capture time."""
    return await services.cases.lookalikes.machines(case_id, (MachineVerdict.REJECTED,), sight=sight)


@router.put(
    "/cases/{case_id}/machines/{row_key}/{index}",
    operation_id="judge_candidate",
    openapi_extra=_EDIT,
    responses=documented(UnknownCaseError, CaseNotApprovedError, UnknownCaseMachineError),
)
def judge_candidate(
    case_id: CaseId, row_key: RowKey, index: Index, body: Judgement, services: Served, asker: Asker, sight: Sight
) -> JudgedMachine:
    """Confirm or reject a candidate."""
    return services.cases.case_machines.judge(case_id, row_key, index, body.verdict, asker=asker, sight=sight)


@router.get(
    "/cases/{case_id}/machines/{row_key}/{index}/crop",
    operation_id="get_case_crop",
    response_class=Response,
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=JPEG
    | documented(
        UnknownCaseError,
        *QUERY_ERRORS,
        UnknownCaseMachineError,
        UnknownObservationError,
        NoPictureError,
        PictureBrokenError,
    ),
)
async def get_case_crop(case_id: CaseId, row_key: RowKey, index: Index, services: Served, sight: Sight) -> Response:
    """Cut a machine of the case from the redacted picture."""
    part = await services.cases.lookalikes.crop(case_id, row_key, index, sight=sight)
    return Response(part, media_type="image/jpeg")


@router.get(
    "/cases/{case_id}/observations/{row_key}",
    operation_id="get_case_observation",
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=documented(UnknownCaseError, *QUERY_ERRORS, UnknownObservationError),
)
async def get_case_observation(
    case_id: CaseId, row_key: RowKey, services: Served, asker: Asker, sight: Sight
) -> ObservationView:
    """Show one observation of the case with all its fields."""
    return await services.cases.lookalikes.observation(case_id, row_key, asker=asker, sight=sight)


@router.get(
    "/cases/{case_id}/observations/{row_key}/picture",
    operation_id="get_case_picture",
    response_class=Response,
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=PICTURE
    | documented(UnknownCaseError, *QUERY_ERRORS, UnknownObservationError, NoPictureError, PictureBrokenError),
)
async def get_case_picture(case_id: CaseId, row_key: RowKey, services: Served, asker: Asker, sight: Sight) -> Response:
    """Send the whole redacted picture of an observation of the case."""
    return whole(await services.cases.lookalikes.picture(case_id, row_key, asker=asker, sight=sight), row_key)


@router.get(
    "/cases/{case_id}/footage",
    operation_id="list_footage",
    openapi_extra=_VIEW,
    responses=documented(UnknownCaseError, CaseNotApprovedError),
)
async def list_footage(case_id: CaseId, services: Served, asker: Asker, sight: Sight) -> WindowList:
    """List cameras worth asking for footage, with times."""
    return await services.cases.lookalikes.footage(case_id, asker=asker, sight=sight)
