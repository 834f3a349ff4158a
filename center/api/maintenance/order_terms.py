"""Routes of the terms of maintenance orders and of the duty roster."""

from typing import Final

from fastapi import APIRouter

from center.access.errors import UnknownDistrictError
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import UnknownUserError
from center.orders.errors import OrderTermsError
from center.orders.terms import DistrictRoster, DistrictTerms
from center.orders.views import RosterList, TermsList
from center.services import Asker, Served

router = APIRouter(prefix="/orders", tags=["orders"])

_VIEW: Final = needs(Permission.ORDER_VIEW)
_EDIT: Final = needs(Permission.ORDER_EDIT)


@router.get("/roster", operation_id="list_duty_rosters", openapi_extra=_VIEW)
def list_duty_rosters(services: Served, asker: Asker) -> RosterList:
    """List the duty rosters of the districts in sight, each with the technician on duty now."""
    return services.orders.book.rosters(asker)


@router.put(
    "/roster",
    operation_id="set_duty_roster",
    openapi_extra=_EDIT,
    responses=documented(UnknownDistrictError, UnknownUserError, OrderTermsError),
)
def set_duty_roster(body: DistrictRoster, services: Served, asker: Asker) -> RosterList:
    """Replace the duty roster of one district; the empty district is for those without a roster."""
    services.orders.book.set_roster(body, asker=asker)
    return services.orders.book.rosters(asker)


@router.get("/terms", operation_id="list_order_terms", openapi_extra=_VIEW)
def list_order_terms(services: Served, asker: Asker) -> TermsList:
    """List the terms of the districts in sight, those that hold elsewhere first."""
    return services.orders.book.terms(asker)


@router.put(
    "/terms",
    operation_id="set_order_terms",
    openapi_extra=_EDIT,
    responses=documented(UnknownDistrictError, OrderTermsError),
)
def set_order_terms(body: DistrictTerms, services: Served, asker: Asker) -> TermsList:
    """Replace the terms of one district, for orders that are opened from now on."""
    services.orders.book.set_terms(body, asker=asker)
    return services.orders.book.terms(asker)
