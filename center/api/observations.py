"""Routes of archived observations, their redacted pictures, and machines cut out of them on the fly."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import QUERY_ERRORS, documented
from center.errors import (
    AreaCrossesError,
    BadAreaError,
    BadFilterError,
    NoPictureError,
    PictureBrokenError,
    QueryRefusedError,
    TooManyCamerasError,
    UnknownMachineError,
    UnknownObservationError,
)
from center.search import pictures
from center.search.client import ROW_KEY_PATTERN, Filters, ObservationList, ObservationView
from center.services import Asker, Served, Sight

router = APIRouter(tags=["observations"])

RowKey = Annotated[str, Path(pattern=ROW_KEY_PATTERN, description="Agent and observation id, joined by a colon.")]
JPEG: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A JPEG.",
    }
}
PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: JPEG[200]
    | {
        "headers": {
            "X-Picture-Width": {
                "description": "Of the whole picture, which boxes refer to.",
                "schema": {"type": "integer"},
            },
            "X-Picture-Height": {"description": "The same.", "schema": {"type": "integer"}},
        }
    }
}


@router.get(
    "/observations",
    operation_id="list_observations",
    openapi_extra=needs(Permission.OBSERVATION_SEARCH),
    responses=documented(
        *QUERY_ERRORS, QueryRefusedError, BadFilterError, BadAreaError, AreaCrossesError, TooManyCamerasError
    ),
)
async def list_observations(
    filters: Annotated[Filters, Query()], services: Served, asker: Asker, sight: Sight
) -> ObservationList:
    """List observations, newest first, of the cameras that the account may see.

    Follow `next_cursor` with the same filters for the next page.
    """
    return await services.search.observations(filters, actor=asker.actor, sight=sight)


@router.get(
    "/observations/{row_key}",
    operation_id="get_observation",
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=documented(*QUERY_ERRORS, UnknownObservationError),
)
async def get_observation(row_key: RowKey, services: Served, asker: Asker, sight: Sight) -> ObservationView:
    """Show one observation with its machines."""
    return await services.search.observation(row_key, actor=asker.actor, sight=sight)


@router.get(
    "/observations/{row_key}/picture",
    operation_id="get_picture",
    response_class=Response,
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=PICTURE | documented(*QUERY_ERRORS, UnknownObservationError, NoPictureError, PictureBrokenError),
)
async def get_picture(
    row_key: RowKey,
    services: Served,
    asker: Asker,
    sight: Sight,
    max_side_px: Annotated[
        int | None, Query(ge=32, le=pictures.PREVIEW_SIDE_PX, description="Longer side of a preview.")
    ] = None,
) -> Response:
    """Send the redacted picture, whole or as a preview."""
    if max_side_px is None:
        return whole(await services.search.picture(row_key, actor=asker.actor, sight=sight), row_key)
    small = await services.previews.of(row_key, max_side_px=max_side_px, sight=sight)
    return _sized(small.jpeg, small.width, small.height)


def whole(jpeg: bytes, row_key: str) -> Response:
    """Makes the answer with a whole picture, in the form that `PICTURE` documents.

    Raises:
        PictureBrokenError: not a JPEG.
    """
    return _sized(jpeg, *pictures.size_of(jpeg, row_key=row_key))


def _sized(jpeg: bytes, width: int, height: int) -> Response:
    size = {"X-Picture-Width": str(width), "X-Picture-Height": str(height)}
    return Response(jpeg, media_type="image/jpeg", headers=size)


@router.get(
    "/observations/{row_key}/machines/{index}/crop",
    operation_id="get_machine_crop",
    response_class=Response,
    openapi_extra=needs(Permission.OBSERVATION_VIEW),
    responses=JPEG
    | documented(*QUERY_ERRORS, UnknownObservationError, UnknownMachineError, NoPictureError, PictureBrokenError),
)
async def get_machine_crop(
    row_key: RowKey,
    index: Annotated[int, Path(ge=0, lt=512)],
    services: Served,
    asker: Asker,
    sight: Sight,
    margin: Annotated[float, Query(ge=0, le=1, description="Added on every side, as a share of the box.")] = (
        pictures.DEFAULT_MARGIN
    ),
) -> Response:
    """Cut one machine from the redacted picture."""
    observation, jpeg = await services.search.machine_source(row_key, actor=asker.actor, sight=sight)
    box = next((machine.box for machine in observation.machines if machine.index == index), None)
    if box is None:
        raise UnknownMachineError(row_key=row_key, index=index)
    part = await asyncio.to_thread(pictures.crop, jpeg, box, margin=margin, row_key=row_key)
    return Response(part, media_type="image/jpeg")
