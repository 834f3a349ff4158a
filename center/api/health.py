"""Routes of the centre's health."""

from fastapi import APIRouter
from pydantic import BaseModel

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.health import Condition, HealthReport
from center.services import Served

router = APIRouter(tags=["health"])


class HealthSummary(BaseModel):
    """The condition in one word each; causes are for users who are logged in."""

    status: Condition
    dependencies: dict[str, Condition]


@router.get("/health", operation_id="health")
async def health(services: Served) -> HealthSummary:
    """Report the health. Open to load balancers and monitors without a session; at most two seconds old."""
    report = await services.health.report()
    return HealthSummary(status=report.status, dependencies={part.name: part.condition for part in report.dependencies})


@router.get(
    "/health/details",
    operation_id="health_details",
    openapi_extra=needs(Permission.HEALTH_VIEW),
)
async def health_details(services: Served) -> HealthReport:
    """Report causes, remedies and counters."""
    return await services.health.report()
