"""Routes of cases: written, requested, approved by a second person, revised, closed."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.cases.errors import (
    AreaOutOfSightError,
    CaseChangedError,
    CaseStateError,
    CaseTakenError,
    CaseTermsError,
    SecondPersonError,
    TooManyStandingError,
    UnknownCaseError,
)
from center.cases.states import Act
from center.cases.terms import NUMBER_PATTERN, CaseTerms, Number
from center.cases.views import CaseDetail, CaseList
from center.services import Asker, Served, Sight

router = APIRouter(tags=["cases"])

CaseId = Annotated[str, Path(pattern=NUMBER_PATTERN, description="The case's number.")]
_VIEW: Final = needs(Permission.CASE_VIEW)
_EDIT: Final = needs(Permission.CASE_EDIT)
_APPROVE: Final = needs(Permission.CASE_APPROVE)
_ACTS: Final = documented(
    UnknownCaseError,
    CaseChangedError,
    CaseStateError,
    CaseTermsError,
    AreaOutOfSightError,
)
_APPROVALS: Final = documented(
    UnknownCaseError,
    CaseChangedError,
    CaseStateError,
    AreaOutOfSightError,
    SecondPersonError,
    TooManyStandingError,
)


class NewCase(BaseModel):
    """The terms of a new case."""

    model_config = ConfigDict(extra="forbid")

    number: Number
    terms: CaseTerms


class CaseChange(BaseModel):
    """New terms, from a user who has read `version`."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    terms: CaseTerms


class Decision(BaseModel):
    """The version that is meant, and a comment."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    comment: str = Field(default="", max_length=2000)


@router.get("/cases", operation_id="list_cases", openapi_extra=_VIEW)
def list_cases(services: Served, asker: Asker) -> CaseList:
    """List the newest 500 cases with a camera in sight, newest first."""
    return services.cases.book.cases(asker)


@router.post(
    "/cases",
    operation_id="create_case",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(CaseTakenError, CaseTermsError, AreaOutOfSightError),
)
def create_case(body: NewCase, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Make a draft: it allows nothing yet."""
    return services.cases.book.create(body.number, body.terms, asker=asker, sight=sight)


@router.get("/cases/{case_id}", operation_id="get_case", openapi_extra=_VIEW, responses=documented(UnknownCaseError))
def get_case(case_id: CaseId, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Show one case with its history."""
    return services.cases.book.case(case_id, asker=asker, sight=sight)


@router.put("/cases/{case_id}", operation_id="change_case", openapi_extra=_EDIT, responses=_ACTS)
def change_case(case_id: CaseId, body: CaseChange, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Change the terms of a draft."""
    return services.cases.book.change(case_id, body.terms, version=body.version, asker=asker, sight=sight)


@router.post("/cases/{case_id}/request", operation_id="request_case", openapi_extra=_EDIT, responses=_ACTS)
def request_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Ask for the approval of a draft."""
    return _act(Act.REQUEST, case_id, body, services, asker, sight)


@router.post("/cases/{case_id}/withdraw", operation_id="withdraw_case", openapi_extra=_EDIT, responses=_ACTS)
def withdraw_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Withdraw the request for approval: the case is a draft again."""
    return _act(Act.WITHDRAW, case_id, body, services, asker, sight)


@router.post("/cases/{case_id}/approve", operation_id="approve_case", openapi_extra=_APPROVE, responses=_APPROVALS)
def approve_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Approve a case: by a user who sees its whole area and neither wrote, owns nor requested it."""
    return _act(Act.APPROVE, case_id, body, services, asker, sight)


@router.post("/cases/{case_id}/refuse", operation_id="refuse_case", openapi_extra=_APPROVE, responses=_APPROVALS)
def refuse_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Refuse a request: the case is a draft again."""
    return _act(Act.REFUSE, case_id, body, services, asker, sight)


@router.post("/cases/{case_id}/revise", operation_id="revise_case", openapi_extra=_EDIT, responses=_ACTS)
def revise_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Revise a case that is approved or has expired: a draft again, which needs approval again."""
    return _act(Act.REVISE, case_id, body, services, asker, sight)


@router.post("/cases/{case_id}/close", operation_id="close_case", openapi_extra=_EDIT, responses=_ACTS)
def close_case(case_id: CaseId, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    """Close a case for good; data derived for it is deleted on schedule."""
    return _act(Act.CLOSE, case_id, body, services, asker, sight)


def _act(act: Act, case_id: str, body: Decision, services: Served, asker: Asker, sight: Sight) -> CaseDetail:
    return services.cases.book.act(case_id, act, version=body.version, asker=asker, sight=sight, comment=body.comment)
