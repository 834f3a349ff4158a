"""Routes of the basemap: outlines and tiles from the site's own files."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.basemap import Outlines
from center.services import Served

router = APIRouter(prefix="/map", tags=["map"])

_KEPT = "private, max-age=86400"
Zoom = Annotated[int, Path(ge=0, le=22)]
Column = Annotated[int, Path(ge=0, lt=2**22)]


@router.get(
    "/outlines",
    operation_id="get_outlines",
    openapi_extra=needs(Permission.CAMERA_VIEW),
)
async def outlines(services: Served) -> Outlines:
    """Show outlines of districts as GeoJSON in WGS 84; no feature where none are set."""
    return services.atlas.outlines


@router.get(
    "/tiles/{zoom}/{x}/{y}",
    operation_id="get_tile",
    openapi_extra=needs(Permission.CAMERA_VIEW),
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}},
        204: {"description": "The set has no such tile."},
    },
)
def tile(zoom: Zoom, x: Column, y: Column, services: Served) -> Response:
    """Send one tile of the local set (Web Mercator, 256 px, y from the north)."""
    found = services.atlas.tile(zoom, x, y)
    if found is None:
        return Response(status_code=204)
    file, media_type = found
    return FileResponse(file, media_type=media_type, headers={"Cache-Control": _KEPT})
