"""Route of the situation wall's figures."""

from fastapi import APIRouter

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.services import Served
from center.wall.views import WallView

router = APIRouter()


@router.get(
    "/wall",
    operation_id="show_wall",
    tags=["wall"],
    openapi_extra=needs(Permission.WALL_VIEW),
)
async def show_wall(services: Served) -> WallView:
    """Show the figures of the situation wall, of the whole centre; null where a source does not answer."""
    return await services.wall.view()
