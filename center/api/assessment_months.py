"""Routes of closed months: the published versions, and corrections."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.assessment.errors import BadPeriodError, MonthOpenError
from center.assessment.views import MonthVersionView
from center.errors import NotLoggedInError, StoreUnavailableError
from center.services import Asker, Served

router = APIRouter(prefix="/assessment/months", tags=["assessment"])

Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="2026-11")]
_ERRORS: Final = (NotLoggedInError, StoreUnavailableError, BadPeriodError)


class Correction(BaseModel):
    """The name of a correction, as the published file prints it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")


@router.get(
    "/{month}/versions",
    operation_id="list_month_versions",
    openapi_extra=needs(Permission.ASSESSMENT_VIEW),
    responses=documented(*_ERRORS),
)
def list_month_versions(month: Month, services: Served) -> tuple[MonthVersionView, ...]:
    """List the versions of a month, oldest first; a month that is not closed has none."""
    return tuple(map(MonthVersionView.of, services.assessment.assessor.months.versions(month)))


@router.post(
    "/{month}/versions",
    operation_id="correct_month",
    openapi_extra=needs(Permission.ASSESSMENT_EDIT),
    status_code=201,
    responses=documented(*_ERRORS, MonthOpenError),
)
def correct_month(month: Month, body: Correction, services: Served, asker: Asker) -> MonthVersionView:
    """Assess a month anew by the facts and settings of now. Versions published before stay and can be requested."""
    return MonthVersionView.of(services.assessment.assessor.months.correct(month, body.name, actor=asker.actor))
