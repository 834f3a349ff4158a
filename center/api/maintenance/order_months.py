"""Routes of a month of maintenance orders: figures, sheet and signed PDF."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Response

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.assessment.export.files import MEDIA_TYPES
from center.orders.errors import SigningOffError
from center.orders.views import OrderMonth
from center.services import Asker, Served, Sight

router = APIRouter(prefix="/orders/months", tags=["orders"])

Month = Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", description="2026-11")]
_VIEW: Final = needs(Permission.ORDER_VIEW)


def _file(form: Literal["xlsx", "pdf"]) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"content": {MEDIA_TYPES[form]: schema}, "description": "The file."}}


@router.get(
    "/{month}.xlsx",
    operation_id="export_order_month_sheet",
    openapi_extra=_VIEW,
    response_class=Response,
    responses=_file("xlsx"),
)
def export_order_month_sheet(month: Month, services: Served, asker: Asker, sight: Sight) -> Response:
    """Export a month as a workbook: the figures by maintainer, and the orders behind them."""
    return _exported(services.orders.month_sheet(month, sight), month, "xlsx", services, asker)


@router.get(
    "/{month}.pdf",
    operation_id="export_order_month_pdf",
    openapi_extra=_VIEW,
    response_class=Response,
    responses=_file("pdf") | documented(SigningOffError),
)
def export_order_month_pdf(month: Month, services: Served, asker: Asker, sight: Sight) -> Response:
    """Export the same as a PDF, signed with the centre's key."""
    return _exported(services.orders.month_pdf(month, sight), month, "pdf", services, asker)


@router.get("/{month}", operation_id="get_order_month", openapi_extra=_VIEW)
def get_order_month(month: Month, services: Served, sight: Sight) -> OrderMonth:
    """Report the orders that were opened in a month, by maintainer: MTTR, first-time fix, share in time."""
    return services.orders.month(month, sight)


def _exported(content: bytes, month: str, form: Literal["xlsx", "pdf"], services: Served, asker: Asker) -> Response:
    services.audit.append(asker.actor, "order.export", {"month": month, "form": form})
    headers = {"Content-Disposition": f'attachment; filename="orders-{month}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)
