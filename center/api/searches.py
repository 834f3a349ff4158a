"""Routes of search: counts, query plans, exports as CSV, and saved searches."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from center.access.errors import UnknownDistrictError
from center.access.permissions import CameraKey, Permission
from center.access.route_permissions import needs
from center.api.errors import QUERY_ERRORS, documented
from center.assessment.errors import BadPeriodError
from center.errors import (
    AreaCrossesError,
    BadAreaError,
    BadBinsError,
    BadFilterError,
    ForeignCamerasError,
    PurposeMissingError,
    QueryRefusedError,
    TooManyCamerasError,
    TooManySavedError,
    UnknownSavedSearchError,
)
from center.search import low_quality
from center.search.explain import SearchPlanView
from center.search.export import SearchExport, zones_csv
from center.search.filters import CountFilters, Filters, Purpose, ZoneFilters
from center.search.saved import NewSavedSearch, SavedSearch
from center.services import Asker, Served, Sight
from provisioning.contracts.query.search import MachineCounts
from provisioning.contracts.query.zone_counts import ZoneCounts

router = APIRouter(tags=["search"])

_SEARCH: Final = needs(Permission.OBSERVATION_SEARCH)
ARCHIVE_ERRORS: Final = (
    *QUERY_ERRORS,
    QueryRefusedError,
    BadFilterError,
    BadAreaError,
    AreaCrossesError,
    TooManyCamerasError,
)
_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "UTF-8 with BOM; text in it is never a formula.",
        "headers": {
            "X-Complete": {
                "description": "`false`: there is more than the file holds, as its last line says.",
                "schema": {"type": "boolean"},
            }
        },
    }
}


@router.get(
    "/search/counts",
    operation_id="count_machines",
    openapi_extra=_SEARCH,
    responses=documented(*ARCHIVE_ERRORS, BadBinsError),
)
async def count_machines(
    filters: Annotated[CountFilters, Query()], services: Served, asker: Asker, sight: Sight
) -> MachineCounts:
    """Count machines, by class and time, by hour of the week, and by camera for a map. No person is counted.

    Exact, unless `days_left_out` names days.
    """
    return await services.search.counts(filters, actor=asker.actor, sight=sight)


@router.get("/search/zones", operation_id="count_zones", openapi_extra=_SEARCH, responses=documented(*ARCHIVE_ERRORS))
async def count_zones(
    filters: Annotated[ZoneFilters, Query()], services: Served, asker: Asker, sight: Sight
) -> ZoneCounts:
    """Count people in a camera's pictures: mean and maximum, in bins of whole five minutes.

    Nothing finer and nothing else can be queried; a bin is answered five minutes after its end, and from three pictures
    on.
    """
    return await services.search.zones(filters, actor=asker.actor, sight=sight)


@router.get(
    "/search/zones.csv",
    operation_id="export_zones",
    response_class=Response,
    openapi_extra=_SEARCH,
    responses=_CSV | documented(*ARCHIVE_ERRORS, PurposeMissingError),
)
async def export_zones(
    filters: Annotated[ZoneFilters, Query()], services: Served, asker: Asker, sight: Sight
) -> Response:
    """Export the counts of people as CSV, a line a camera and bin. Give a `purpose`."""
    if filters.purpose is None:
        raise PurposeMissingError
    counts = await services.search.zones(filters, actor=asker.actor, sight=sight, action="people.export")
    names = {CameraKey(camera.agent_id, camera.camera_id): camera.title for camera in services.devices.cameras(sight)}
    headers = {
        "Content-Disposition": 'attachment; filename="people.csv"',
        "X-Complete": str(not counts.days_left_out).lower(),
    }
    return Response(zones_csv(counts, filters, names), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/search/plan", operation_id="plan_search", openapi_extra=_SEARCH, responses=documented(*ARCHIVE_ERRORS))
async def plan_search(
    filters: Annotated[Filters, Query()], services: Served, asker: Asker, sight: Sight
) -> SearchPlanView:
    """Explain a search: table and indexes of each day, and its row count for accounts that see all cameras."""
    return await services.search.plan(filters, actor=asker.actor, sight=sight)


@router.get(
    "/search/low-quality.csv",
    operation_id="export_low_quality",
    response_class=Response,
    openapi_extra=_SEARCH,
    responses=_CSV | documented(*ARCHIVE_ERRORS, PurposeMissingError, BadPeriodError),
)
async def export_low_quality(
    period: Annotated[
        str, Query(max_length=16, description="Month, day or hour: `2026-11`, `2026-11-05`, `2026-11-05T13`.")
    ],
    services: Served,
    asker: Asker,
    sight: Sight,
    district: Annotated[
        str | None, Query(max_length=64, description="Only this district; empty: cameras without.")
    ] = None,
    purpose: Annotated[Purpose | None, Query()] = None,
) -> Response:
    """Export pictures of very low quality as CSV, worst first, beside the verdict on their camera. Give a `purpose`.

    The newest 1,000 of the period. Columns of the verdict are empty for accounts that may not see the assessment.
    """
    judging = asker.access.scope(Permission.ASSESSMENT_VIEW)
    judged = await asyncio.to_thread(services.assessment.recent.judged, period, judging)
    filters = Filters(purpose=purpose)
    made = await low_quality.listed(
        services.search, judged.report, filters, actor=asker.actor, sight=sight, district=district
    )
    names = {CameraKey(camera.agent_id, camera.camera_id): camera.title for camera in services.devices.cameras(sight)}
    data = await low_quality.export(services.audit, made, period, names, actor=asker.actor, purpose=purpose)
    headers = {
        "Content-Disposition": 'attachment; filename="low-quality.csv"',
        "X-Complete": str(made.complete).lower(),
    }
    return Response(data, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/search/export.csv",
    operation_id="export_search",
    response_class=Response,
    openapi_extra=_SEARCH,
    responses=_CSV | documented(*ARCHIVE_ERRORS, PurposeMissingError),
)
async def export_search(filters: Annotated[Filters, Query()], services: Served, asker: Asker, sight: Sight) -> Response:
    """Export the newest 10,000 observations found as CSV. Give a `purpose`; `limit` and `cursor` do not count."""
    names = {CameraKey(camera.agent_id, camera.camera_id): camera.title for camera in services.devices.cameras(sight)}
    export = SearchExport(services.search, services.audit)
    made = await export.csv(filters, names, actor=asker.actor, sight=sight)
    headers = {
        "Content-Disposition": 'attachment; filename="observations.csv"',
        "X-Complete": str(made.complete).lower(),
    }
    return Response(made.data, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/saved-searches", operation_id="list_saved_searches", openapi_extra=_SEARCH)
def list_saved_searches(services: Served, asker: Asker) -> tuple[SavedSearch, ...]:
    """List the account's saved searches, and those shared in districts in which it may search; by name."""
    return services.saved_searches.of(asker)


@router.post(
    "/saved-searches",
    operation_id="save_search",
    openapi_extra=_SEARCH,
    status_code=201,
    responses=documented(UnknownDistrictError, ForeignCamerasError, TooManySavedError, BadFilterError),
)
def save_search(body: NewSavedSearch, services: Served, asker: Asker) -> SavedSearch:
    """Save a search under a name, without purpose and case: these are given anew each time."""
    return services.saved_searches.add(body, asker)


@router.delete(
    "/saved-searches/{search_id}",
    operation_id="remove_saved_search",
    openapi_extra=_SEARCH,
    status_code=204,
    responses=documented(UnknownSavedSearchError),
)
def remove_saved_search(search_id: Annotated[int, Path(ge=1, lt=2**31)], services: Served, asker: Asker) -> None:
    """Delete a saved search of the account."""
    services.saved_searches.remove(search_id, asker)
