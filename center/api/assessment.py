"""Routes of the assessment: reports, league tables, series, the hours behind them, files, closed months."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from center import pagination as marks
from center.access.permissions import CameraKey, Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.assessment.errors import BadCursorError, BadPeriodError, MonthOpenError, UnknownVersionError
from center.assessment.export.files import MEDIA_TYPES, Format, export
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.period import Bucket
from center.assessment.report import ranked
from center.assessment.views import (
    CameraPlaceView,
    CardView,
    EvidenceView,
    GapView,
    MonthVersionView,
    PlaceView,
    ReportView,
)
from center.errors import UnknownCameraError
from center.pagination import Cursor
from center.services import Asker, Served, Sight
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN

router = APIRouter(prefix="/assessment", tags=["assessment"])

PeriodText = Annotated[
    str, Query(max_length=16, description="A month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.")
]
Limit = Annotated[int, Query(ge=1, le=1000)]
AgentId = Annotated[str, Query(pattern=AGENT_PATTERN)]
CameraId = Annotated[str, Query(pattern=CAMERA_PATTERN)]
VersionNumber = Annotated[
    int | None, Query(ge=1, le=2**31, alias="version", description="Of a closed month; its newest by default.")
]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", description="2026-11")]
_VIEW: Final = needs(Permission.ASSESSMENT_VIEW)
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
        "description": "The file.",
    }
}


class Correction(BaseModel):
    """The name of a correction, as the published file prints it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")


class CameraPage(BaseModel):
    """A page of a league table of cameras."""

    items: tuple[CameraPlaceView, ...]
    next_cursor: str | None


class EvidencePage(BaseModel):
    """A page of hours in the order of time."""

    items: tuple[EvidenceView, ...]
    next_cursor: str | None


class RecorderState(BaseModel):
    """The state of the counting itself."""

    looked_at_ms: int | None
    """Time at which the state of every camera was last written down; None: not since the start."""
    fault: str
    """The reason that the newest facts are not written yet; they wait in memory."""


@router.get(
    "/report",
    operation_id="get_assessment",
    openapi_extra=_VIEW,
    responses=documented(BadPeriodError, UnknownVersionError),
)
def get_assessment(period: PeriodText, services: Served, sight: Sight, version: VersionNumber = None) -> ReportView:
    """Report the fleet, its districts best first, and hours that the centre did not watch; cameras in sight only."""
    judged = services.assessment.assessor.judged(period, sight=sight, version=version)
    report = judged.report
    return ReportView(
        period=period,
        version=None if judged.version is None else MonthVersionView.of(judged.version),
        from_ms=report.period.from_ms,
        to_ms=report.period.to_ms,
        fleet=CardView.of(report.fleet),
        districts=tuple(PlaceView.of(place) for place in ranked(report.districts)),
        gaps=tuple(GapView.model_validate(gap) for gap in judged.gaps),
    )


@router.get(
    "/cameras",
    operation_id="list_assessed_cameras",
    openapi_extra=_VIEW,
    responses=documented(BadPeriodError, BadCursorError, UnknownVersionError),
)
def list_assessed_cameras(
    period: PeriodText,
    services: Served,
    sight: Sight,
    version: VersionNumber = None,
    district: Annotated[str | None, Query(max_length=64, description="Empty: cameras without one.")] = None,
    indicator: Annotated[Indicator | None, Query(description="Rank by this instead of the score.")] = None,
    verdict: Annotated[
        IndicatorVerdict | None, Query(description="Only those with it, on the indicator or on any.")
    ] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> CameraPage:
    """List cameras as a league table, best first, equal ones by name, agent and id."""
    report = services.assessment.assessor.judged(period, sight=sight, version=version).report
    cards = [
        card
        for card in report.cameras
        if (district is None or (card.profile is not None and card.profile.district == district))
        and (
            verdict is None
            or any(
                finding.verdict is verdict and indicator in {None, finding.indicator}
                for finding in card.findings.values()
            )
        )
    ]
    places = [CameraPlaceView.of(place) for place in ranked(cards, indicator)]
    start = 0
    if cursor is not None:
        last = marks.place(cursor, str, str)
        start = next((n for n, each in enumerate(places, 1) if (each.agent_id, each.camera_id) == last), 0)
        if not start:
            raise BadCursorError
    page = places[start : start + limit]
    more = len(places) > start + limit
    return CameraPage(
        items=tuple(page), next_cursor=marks.mark(page[-1].agent_id, page[-1].camera_id) if more else None
    )


@router.get(
    "/series",
    operation_id="get_assessment_series",
    openapi_extra=_VIEW,
    responses=documented(BadPeriodError, UnknownCameraError),
)
def get_assessment_series(
    period: PeriodText,
    services: Served,
    sight: Sight,
    by: Annotated[Bucket, Query()] = "day",
    agent_id: AgentId | None = None,
    camera_id: CameraId | None = None,
    district: Annotated[str | None, Query(max_length=64)] = None,
) -> tuple[CardView, ...]:
    """Series of a camera (agent and id), district or the fleet, by hour, day or month; place and code have no hours."""
    camera = CameraKey(agent_id, camera_id) if agent_id is not None and camera_id is not None else None
    cards = services.assessment.assessor.series(period, by, camera=camera, district=district, sight=sight)
    return tuple(CardView.of(card) for card in cards)


@router.get(
    "/evidence",
    operation_id="list_evidence",
    openapi_extra=_VIEW,
    responses=documented(BadPeriodError, UnknownCameraError, BadCursorError),
)
def list_evidence(
    period: PeriodText,
    agent_id: AgentId,
    camera_id: CameraId,
    services: Served,
    sight: Sight,
    indicator: Annotated[Indicator | None, Query(description="Only hours that speak against it.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> EvidencePage:
    """List the hours of one camera as they were counted, also those of which nothing is known."""
    after = -1 if cursor is None else int(marks.place(cursor, int)[0])
    span, found = services.assessment.assessor.evidence(
        period, CameraKey(agent_id, camera_id), indicator, after=after, limit=limit + 1, sight=sight
    )
    page = found[:limit]
    return EvidencePage(
        items=tuple(EvidenceView.of(each, span) for each in page),
        next_cursor=marks.mark(page[-1].hour) if len(found) > limit else None,
    )


@router.get(
    "/watch",
    operation_id="get_assessment_watch",
    openapi_extra=_VIEW,
)
async def get_assessment_watch(services: Served) -> RecorderState:
    """Report whether facts are being counted."""
    recorder = services.assessment.recorder
    return RecorderState(looked_at_ms=recorder.looked_at_ms, fault=recorder.fault)


@router.get(
    "/export",
    operation_id="export_assessment",
    openapi_extra=_VIEW,
    response_class=Response,
    responses=_FILE | documented(BadPeriodError, UnknownVersionError),
)
def export_assessment(
    period: PeriodText,
    services: Served,
    asker: Asker,
    sight: Sight,
    form: Annotated[Format, Query()] = "xlsx",
    version: VersionNumber = None,
) -> Response:
    """Export CSV of the cameras (UTF-8 with BOM), a workbook of everything, or a PDF. Names never become formulas."""
    data = export(services.assessment.assessor, period, form, sight=sight, version=version)
    asked = {"period": period, "form": form} | ({} if version is None else {"version": version})
    services.audit.append(asker.actor, "assessment.export", asked)
    headers = {"Content-Disposition": f'attachment; filename="assessment-{period}.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


@router.get(
    "/months/{month}/versions",
    operation_id="list_month_versions",
    openapi_extra=_VIEW,
    responses=documented(
        BadPeriodError,
    ),
)
def list_month_versions(month: Month, services: Served) -> tuple[MonthVersionView, ...]:
    """List the versions of a month, oldest first; a month that is not closed has none."""
    return tuple(map(MonthVersionView.of, services.assessment.assessor.months.versions(month)))


@router.post(
    "/months/{month}/versions",
    operation_id="correct_month",
    openapi_extra=needs(Permission.ASSESSMENT_EDIT),
    status_code=201,
    responses=documented(BadPeriodError, MonthOpenError),
)
def correct_month(month: Month, body: Correction, services: Served, asker: Asker) -> MonthVersionView:
    """Assess a month anew by the facts and settings of now. Versions published before stay and can be requested."""
    return MonthVersionView.of(services.assessment.assessor.months.correct(month, body.name, actor=asker.actor))
