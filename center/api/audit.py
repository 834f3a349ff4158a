"""Routes of the audit: read, verify and export it. No route writes it."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.services import Asker, Served
from provisioning.contracts.wire.messages import TimeMs

router = APIRouter(prefix="/audit", tags=["audit"])

_VIEW = needs(Permission.AUDIT_VIEW)


class AuditEntryView(BaseModel):
    """One entry. `previous` is the hash of the entry before, `sha256` its own (docs/access.md)."""

    number: int
    at_ms: int
    actor: str
    action: str
    detail: str
    previous: str
    sha256: str


class BreakView(BaseModel):
    """The first entry that does not fit the chain, and the cause."""

    number: int
    why: str


class ChainCheckView(BaseModel):
    """The result of checking the chain."""

    entries: int
    first: int
    last: int
    signed_to: int
    heads: int
    unsigned_heads: int
    broken: BreakView | None
    summary: str


@router.get("", operation_id="list_audit", openapi_extra=_VIEW)
def list_audit(
    services: Served,
    asker: Asker,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, description="Older than this number.")] = None,
    actor: Annotated[str | None, Query(max_length=64)] = None,
    action: Annotated[str | None, Query(max_length=64, description="Or the beginning of one.")] = None,
    from_ms: TimeMs | None = None,
    to_ms: TimeMs | None = None,
) -> tuple[AuditEntryView, ...]:
    """List entries, newest first. The audit records this request, too."""
    about = {"actor": actor, "action": action, "from_ms": from_ms, "to_ms": to_ms, "before": before}
    services.audit.append(
        asker.actor, "audit.view", {name: value for name, value in about.items() if value is not None}
    )
    found = services.audit.page(limit=limit, before=before, actor=actor, action=action, from_ms=from_ms, to_ms=to_ms)
    return tuple(
        AuditEntryView(
            number=entry.id,
            at_ms=entry.at_ms,
            actor=entry.actor,
            action=entry.action,
            detail=entry.detail,
            previous=entry.previous,
            sha256=entry.sha256,
        )
        for entry in found
    )


@router.get("/verify", operation_id="verify_audit", openapi_extra=_VIEW)
def verify_audit(services: Served, asker: Asker) -> ChainCheckView:
    """Check the whole chain. If you do not trust this machine, verify an export elsewhere, with a key of your own."""
    found = services.audit.verify_for(asker.actor, services.audit_keeper.trusted)
    return ChainCheckView(
        entries=found.entries,
        first=found.first,
        last=found.last,
        signed_to=found.signed_to,
        heads=found.heads,
        unsigned_heads=found.unsigned_heads,
        broken=None if found.broken is None else BreakView(number=found.broken.number, why=found.broken.why),
        summary=found.text,
    )


@router.get(
    "/export",
    operation_id="export_audit",
    openapi_extra=_VIEW,
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
            "description": "Lines of JSON; verify them with the command line.",
        }
    },
)
def export_audit(services: Served, asker: Asker) -> StreamingResponse:
    """Export the whole audit, the entry of this export included."""
    services.audit.append(asker.actor, "audit.export", {})

    def lines() -> Iterator[str]:
        for line in services.audit.export():
            yield line + "\n"

    return StreamingResponse(lines(), media_type="application/jsonl")
