"""Routes of the basemap: outlines, tiles and the imported map, from the site's own files."""

import asyncio
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from fastapi.responses import FileResponse

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.basemap.archive import ArchiveFacts
from center.basemap.geojson import SiteFeatures
from center.basemap.ground import Outlines
from center.services import Served, Services

router = APIRouter(prefix="/map", tags=["map"])

_KEPT = "private, max-age=86400"
_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_NONE: Final[dict[int | str, dict[str, Any]]] = {204: {"description": "No map of this kind was imported."}}
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
        200: {"content": dict.fromkeys(("image/png", "image/jpeg", "image/webp"), _BYTES), "description": "The tile."},
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


@router.get(
    "/site.geojson",
    operation_id="get_site_features",
    openapi_extra=needs(Permission.CAMERA_VIEW),
    response_class=Response,
    responses=_NONE
    | {200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}, "description": "The map."}},
)
async def site_features(services: Served) -> Response:
    """Send the imported map as GeoJSON in WGS 84: geometry and name of each feature."""
    file = await asyncio.to_thread(_imported, services, SiteFeatures)
    if file is None:
        return Response(status_code=204)
    return FileResponse(file, media_type="application/geo+json", headers={"Cache-Control": _KEPT})


@router.get(
    "/site.pmtiles",
    operation_id="get_site_archive",
    openapi_extra=needs(Permission.CAMERA_VIEW),
    response_class=Response,
    responses=_NONE
    | {
        200: {"description": "The whole map.", "content": {"application/vnd.pmtiles": _BYTES}},
        206: {"description": "The range of bytes that was asked for.", "content": {"application/vnd.pmtiles": _BYTES}},
    },
)
async def site_archive(services: Served) -> Response:
    """Send ranges of the imported map, a PMTiles archive of version 3."""
    file = await asyncio.to_thread(_imported, services, ArchiveFacts)
    if file is None:
        return Response(status_code=204)
    return FileResponse(file, media_type="application/vnd.pmtiles", headers={"Cache-Control": _KEPT})


def _imported(services: Services, kind: type[SiteFeatures | ArchiveFacts]) -> FilePath | None:
    """Finds the file of the imported map, None where none of this kind is in force. Blocks."""
    site = services.atlas.site
    view = None if site is None else site.view()
    return site.file if site is not None and view is not None and isinstance(view.content, kind) else None
