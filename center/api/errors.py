"""Turns errors into HTTP answers, here and nowhere else."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from center import errors
from center.access import errors as account_errors
from center.alarms import errors as alarms
from center.assessment import errors as assessment
from center.basemap.errors import MapFileError
from center.cases import errors as cases
from center.errors import CenterError
from center.evidence import errors as refusals
from center.notify import errors as notify_errors
from center.notify.sms_months import errors as sms_months
from center.orders import errors as maintenance
from center.tasks import errors as orders
from center.tasks import upload_permits

QUERY_ERRORS: Final[tuple[type[errors.QueryError], ...]] = (
    errors.QueryBusyError,
    errors.QueryUnreachableError,
    errors.QueryTimeoutError,
    errors.QueryDeniedError,
    errors.QueryFaultError,
)
"""Each kind of `QueryError`: answers of every route that queries the archive."""
_TIMED: Final = (errors.LockedOutError, errors.QueryBusyError)
"""Errors that say after how many seconds to try again."""
_RETRY_AFTER: Final = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}
STATUS: Final[dict[type[CenterError], int]] = {
    errors.NotLoggedInError: 401,
    errors.BadCredentialsError: 401,
    account_errors.SecondFactorNeededError: 401,
    errors.WrongSetupCodeError: 403,
    account_errors.WrongCodeError: 403,
    account_errors.ProviderRefusedError: 403,
    account_errors.ForbiddenError: 403,
    account_errors.StaleLoginError: 403,
    alarms.SecondAccountError: 403,
    errors.ForeignOriginError: 403,
    errors.UnknownCameraError: 404,
    errors.UnknownObservationError: 404,
    errors.UnknownMachineError: 404,
    errors.UnknownUserError: 404,
    account_errors.UnknownTokenError: 404,
    account_errors.UnknownDistrictError: 404,
    errors.NothingHereError: 404,
    notify_errors.UnknownChannelError: 404,
    notify_errors.UnknownRecipientError: 404,
    notify_errors.ReportRefusedError: 404,
    errors.NoPictureError: 404,
    alarms.UnknownRuleError: 404,
    alarms.UnknownAlarmError: 404,
    alarms.UnknownTacticError: 404,
    errors.SetupDoneError: 409,
    account_errors.UserTakenError: 409,
    account_errors.LastAdministratorError: 409,
    account_errors.SecondFactorOnError: 409,
    account_errors.TooManyTokensError: 409,
    account_errors.DistrictTakenError: 409,
    account_errors.DistrictInUseError: 409,
    account_errors.DistrictNamedError: 409,
    account_errors.DistrictAssessedError: 409,
    alarms.RuleChangedError: 409,
    alarms.NoPreviewError: 409,
    alarms.BlankPreviewError: 409,
    alarms.TooBroadError: 409,
    alarms.TooManyRulesError: 409,
    alarms.AlarmStateError: 409,
    alarms.OwnRuleError: 409,
    alarms.TacticNamedError: 409,
    alarms.TooManyTacticsError: 409,
    alarms.BeyondDistrictError: 409,
    alarms.MissingCamerasError: 409,
    alarms.RuleFileError: 422,
    errors.TooLargeError: 413,
    errors.BadFilterError: 422,
    errors.BadAreaError: 422,
    errors.AreaCrossesError: 422,
    errors.BadBinsError: 422,
    errors.ForeignCamerasError: 422,
    errors.PurposeMissingError: 422,
    errors.UnknownSavedSearchError: 404,
    errors.TooManySavedError: 409,
    errors.BadUsernameError: 422,
    errors.WeakPasswordError: 422,
    errors.QueryRefusedError: 422,
    account_errors.BadScopeError: 422,
    account_errors.TokenTooLongError: 422,
    errors.TooManyCamerasError: 422,
    errors.LockedOutError: 429,
    alarms.BeyondSightError: 422,
    alarms.TooManyStreamsError: 429,
    errors.QueryDeniedError: 502,
    errors.QueryFaultError: 502,
    errors.PictureBrokenError: 502,
    notify_errors.OutboxFullError: 503,
    sms_months.NoSmsChannelError: 404,
    sms_months.StatementUnsetError: 409,
    sms_months.ComplaintTakenError: 409,
    sms_months.NotSuspendedError: 409,
    sms_months.StatementFileError: 422,
    sms_months.StatementHeadingsError: 422,
    sms_months.StatementDayError: 422,
    sms_months.StatementPartsError: 422,
    sms_months.StatementTotalError: 422,
    sms_months.ComplaintAheadError: 422,
    sms_months.ComplaintReferenceError: 422,
    sms_months.LiftReasonError: 422,
    assessment.UnknownAssessedDistrictError: 404,
    assessment.UnknownWindowError: 404,
    assessment.UnknownVersionError: 404,
    assessment.MonthOpenError: 409,
    assessment.BadPeriodError: 422,
    assessment.BadCursorError: 422,
    assessment.RegisterRefusedError: 422,
    assessment.DistrictRefusedError: 422,
    assessment.WindowRefusedError: 422,
    errors.StoreUnavailableError: 503,
    MapFileError: 503,
    errors.RowRefusedError: 503,
    account_errors.SecondFactorKeyError: 503,
    account_errors.ProviderUnreachableError: 503,
    errors.QueryBusyError: 503,
    errors.QueryUnreachableError: 503,
    errors.IntakeStuckError: 503,
    errors.QueryTimeoutError: 504,
    refusals.UnknownExportError: 404,
    refusals.ExportNotReadyError: 409,
    refusals.ExportErasedError: 410,
    refusals.TooManyPicturesError: 422,
    refusals.ExportsBusyError: 429,
    refusals.EvidenceOffError: 503,
    errors.NotComparableError: 422,
    cases.UnknownCaseError: 404,
    cases.UnknownCaseMachineError: 404,
    cases.CaseTakenError: 409,
    cases.CaseStateError: 409,
    cases.CaseChangedError: 409,
    cases.CaseNotApprovedError: 409,
    cases.NothingSoughtError: 409,
    cases.TooManyStandingError: 409,
    cases.SecondPersonError: 403,
    cases.AreaOutOfSightError: 403,
    cases.ForeignPictureError: 403,
    cases.CaseTermsError: 422,
    cases.TooManyQuestionsError: 422,
    cases.BeyondCaseError: 422,
    cases.DeskMissingError: 409,
    orders.TasksOffError: 409,
    orders.NotATaskError: 409,
    orders.AgentAwayError: 409,
    orders.StartNotAuthorisedError: 409,
    orders.NoRecorderError: 409,
    orders.NoLiveStreamError: 409,
    orders.TooManyJobsError: 409,
    orders.JobStateError: 409,
    orders.SpanAheadError: 422,
    orders.SpanTooLongError: 422,
    orders.LiveTooLongError: 422,
    orders.UnknownJobError: 404,
    maintenance.UnknownOrderError: 404,
    maintenance.OrderStateError: 409,
    maintenance.OrderTakenError: 409,
    maintenance.OrderExistsError: 409,
    maintenance.StepReusedError: 409,
    maintenance.OwnConfirmationError: 403,
    maintenance.OrderTermsError: 403,
    maintenance.NotATechnicianError: 422,
    maintenance.SigningOffError: 503,
    upload_permits.UploadsOffError: 409,
    upload_permits.NoDeskError: 409,
    upload_permits.OtherConsoleError: 409,
    cases.UnsignedPictureError: 409,
    cases.ForgedPictureError: 409,
}


class Problem(BaseModel):
    """The cause of an error and its remedy; `code` is for programs and does not change."""

    code: str
    message: str
    remedy: str


def problem(error: CenterError) -> JSONResponse:
    """Makes the HTTP answer to an error."""
    body = Problem(code=error.code, message=error.text(), remedy=error.advice())
    headers = {}
    if isinstance(error, _TIMED):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.TooLargeError):
        headers["Connection"] = "close"  # the rest of it is not worth reading
    return JSONResponse(body.model_dump(), status_code=STATUS[type(error)], headers=headers)


def documented(*kinds: type[CenterError]) -> dict[int | str, dict[str, Any]]:
    """Describes in OpenAPI the errors that a route may answer with."""
    found: dict[int | str, list[type[CenterError]]] = {}
    for kind in kinds:
        found.setdefault(STATUS[kind], []).append(kind)
    return {status: {"model": Problem} | _described(named) for status, named in found.items()}


def _described(kinds: list[type[CenterError]]) -> dict[str, Any]:
    """Describes the errors of one status: for people, for programs as `x-codes`, and the header that some have."""
    codes = [kind.code for kind in kinds]
    described: dict[str, Any] = {"description": " or ".join(f"`{code}`" for code in codes), "x-codes": codes}
    if any(issubclass(kind, _TIMED) for kind in kinds):
        described["headers"] = {"Retry-After": _RETRY_AFTER}
    return described


def install(app: FastAPI) -> None:
    """Registers handlers that answer every error of `app` with a `Problem`."""
    app.add_exception_handler(CenterError, _center_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


async def _center_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CenterError)  # noqa: S101 - narrows the type: registered for this class only
    return problem(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return _not_valid(
        "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:5])
    )


def _not_valid(faults: str) -> JSONResponse:
    body = Problem(
        code="invalid_request", message=f"The request is not valid: {faults}"[:500], remedy="See the schema."
    )
    return JSONResponse(body.model_dump(), status_code=422)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == 400:
        return _not_valid(str(error.detail))  # FastAPI's answer to a body that is not even UTF-8
    body = Problem(code=f"http_{error.status_code}", message=str(error.detail), remedy="See the schema.")
    return JSONResponse(body.model_dump(), status_code=error.status_code, headers=error.headers)
