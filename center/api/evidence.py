"""Routes of evidence exports: start one, follow it, fetch its file, end it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import QUERY_ERRORS, documented
from center.evidence.errors import (
    EvidenceOffError,
    ExportErasedError,
    ExportNotReadyError,
    ExportsBusyError,
    TooManyPicturesError,
    UnknownExportError,
)
from center.evidence.export_store import Export
from center.evidence.names import slug
from center.evidence.service import ExportRequest, Exports
from center.evidence.visibility import Viewer
from center.services import Asker, Served, Services, Sight

router = APIRouter(tags=["evidence"])

ExportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_EXPORT: Final = needs(Permission.EVIDENCE_EXPORT)
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The archive.",
    }
}


def _viewer(asker: Asker, sight: Sight) -> Viewer:
    return Viewer(sight, asker.actor, asker.access)


Seer = Annotated[Viewer, Depends(_viewer)]


def _exports(services: Services) -> Exports:
    if services.evidence is None:
        raise EvidenceOffError
    return services.evidence


@router.post(
    "/evidence",
    operation_id="start_export",
    openapi_extra=_EXPORT,
    status_code=202,
    responses=documented(EvidenceOffError, TooManyPicturesError, ExportsBusyError),
)
async def start_export(body: ExportRequest, services: Served, viewer: Seer) -> Export:
    """Start an export; ask for its state until it is `ready`."""
    return await _exports(services).start(body, viewer)


@router.get(
    "/evidence",
    operation_id="list_exports",
    openapi_extra=_EXPORT,
    responses=documented(
        EvidenceOffError,
    ),
)
async def list_exports(services: Served, viewer: Seer) -> tuple[Export, ...]:
    """List the newest hundred exports, newest first, of which every picture is of a camera in sight."""
    return await _exports(services).latest(viewer)


@router.get(
    "/evidence/{export_id}",
    operation_id="get_export",
    openapi_extra=_EXPORT,
    responses=documented(EvidenceOffError, UnknownExportError),
)
async def get_export(export_id: ExportId, services: Served, viewer: Seer) -> Export:
    """Show the state of an export. `sha256` is of the whole file."""
    return await _exports(services).get(export_id, viewer)


@router.get(
    "/evidence/{export_id}/file",
    operation_id="get_export_file",
    openapi_extra=_EXPORT,
    response_class=FileResponse,
    responses=_ZIP
    | documented(
        EvidenceOffError,
        UnknownExportError,
        ExportNotReadyError,
        ExportErasedError,
        *QUERY_ERRORS,
    ),
)
async def get_export_file(export_id: ExportId, services: Served, viewer: Seer) -> FileResponse:
    """Send the archive. The audit records it before the first byte leaves."""
    path, export = await _exports(services).file(export_id, viewer)
    name = f"evidence-{slug(export.case)}-{export.id[:8]}.zip"
    return FileResponse(path, media_type="application/zip", filename=name)


@router.delete(
    "/evidence/{export_id}",
    operation_id="end_export",
    openapi_extra=_EXPORT,
    responses=documented(EvidenceOffError, UnknownExportError),
)
async def end_export(export_id: ExportId, services: Served, viewer: Seer) -> Export:
    """Cancel an export that is running, or remove the file of one that is ready."""
    return await _exports(services).end(export_id, viewer)
