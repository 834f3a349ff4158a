"""Routes of maintenance orders: lists, a technician's steps, assignment, waits, confirmation, voiding."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api.errors import documented
from center.errors import UnknownCameraError
from center.orders.errors import (
    NotATechnicianError,
    OrderExistsError,
    OrderStateError,
    OrderTakenError,
    OwnConfirmationError,
    StepReusedError,
    UnknownOrderError,
)
from center.orders.states import MaintenanceState
from center.orders.terms import DistrictId, Username
from center.orders.views import OrderDetail, OrderList
from center.orders.workflow import NewOrder, Note, TechnicianStep
from center.pagination import NumberCursor
from center.services import Asker, Served, Sight

router = APIRouter(prefix="/orders", tags=["orders"])

OrderId = Annotated[int, Path(ge=1, le=2**31)]
_VIEW: Final = needs(Permission.ORDER_VIEW)
_WORK: Final = needs(Permission.ORDER_WORK)
_EDIT: Final = needs(Permission.ORDER_EDIT)
_ACTS: Final = documented(UnknownOrderError, OrderStateError)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Assignment(_Body):
    """The technician to assign an order to."""

    username: Username


class OwnersWait(_Body):
    """`waits`: true while the owner has to act first."""

    waits: bool
    note: Note = ""


class Confirmation(_Body):
    """`confirms` false sends the order back to its technician."""

    confirms: bool = True
    note: Note = ""


class VoidReason(_Body):
    """Reason for ending an order without repair."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


@router.get("", operation_id="list_orders", openapi_extra=_VIEW)
def list_orders(
    services: Served,
    asker: Asker,
    sight: Sight,
    status: Annotated[list[MaintenanceState] | None, Query(max_length=len(MaintenanceState))] = None,
    district: Annotated[DistrictId | None, Query(description="Empty: orders of no district.")] = None,
    assignee: Annotated[Literal["me"] | None, Query(description="`me`: those assigned to the caller.")] = None,
    overdue: Annotated[bool, Query(description="Only those with a clock that is past its end.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: NumberCursor = None,
) -> OrderList:
    """List orders in sight or assigned to the caller, newest first."""
    return services.orders.reader.orders(
        asker=asker,
        sight=sight,
        states=tuple(status or ()),
        district=district,
        mine=assignee is not None,
        overdue=overdue,
        before=None if cursor is None else int(cursor),
        limit=limit,
    )


@router.post(
    "",
    operation_id="create_order",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(UnknownCameraError, OrderExistsError),
)
def create_order(body: NewOrder, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """Open an order by hand, for what no rule sees. A second person confirms it in the end."""
    number = services.orders.workflow.create(body, asker=asker, sight=sight)
    return services.orders.reader.order(number, asker=asker, sight=sight)


@router.get("/{order_id}", operation_id="get_order", openapi_extra=_VIEW, responses=documented(UnknownOrderError))
def get_order(order_id: OrderId, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """Show one order with its clocks and history."""
    return services.orders.reader.order(order_id, asker=asker, sight=sight)


@router.post(
    "/{order_id}/assign",
    operation_id="assign_order",
    openapi_extra=_EDIT,
    responses=documented(UnknownOrderError, OrderStateError, NotATechnicianError),
)
def assign_order(order_id: OrderId, body: Assignment, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """Assign an order to a technician, also one that another has accepted."""
    services.orders.workflow.assign(order_id, body.username, asker=asker, sight=sight)
    return services.orders.reader.order(order_id, asker=asker, sight=sight)


@router.post(
    "/{order_id}/steps",
    operation_id="add_order_step",
    openapi_extra=_WORK,
    responses=documented(UnknownOrderError, OrderStateError, OrderTakenError, StepReusedError),
)
def add_order_step(
    order_id: OrderId, body: TechnicianStep, services: Served, asker: Asker, sight: Sight
) -> OrderDetail:
    """Add a technician's step. The same step again, by its id, changes nothing."""
    services.orders.workflow.step(order_id, body, asker=asker, sight=sight)
    return services.orders.reader.order(order_id, asker=asker, sight=sight)


@router.post("/{order_id}/wait", operation_id="pause_order", openapi_extra=_EDIT, responses=_ACTS)
def pause_order(order_id: OrderId, body: OwnersWait, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """Stop the clocks while the owner has to act first, or let them go on."""
    services.orders.workflow.wait(order_id, waits=body.waits, note=body.note, asker=asker, sight=sight)
    return services.orders.reader.order(order_id, asker=asker, sight=sight)


@router.post(
    "/{order_id}/confirm",
    operation_id="confirm_order",
    openapi_extra=_EDIT,
    responses=documented(UnknownOrderError, OrderStateError, OwnConfirmationError),
)
def confirm_order(order_id: OrderId, body: Confirmation, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """Confirm an order that is well as a second person, or send it back to its technician."""
    services.orders.workflow.confirm(order_id, confirms=body.confirms, note=body.note, asker=asker, sight=sight)
    return services.orders.reader.order(order_id, asker=asker, sight=sight)


@router.post("/{order_id}/void", operation_id="void_order", openapi_extra=_EDIT, responses=_ACTS)
def void_order(order_id: OrderId, body: VoidReason, services: Served, asker: Asker, sight: Sight) -> OrderDetail:
    """End an order without repair, with the reason."""
    services.orders.workflow.void(order_id, reason=body.reason, asker=asker, sight=sight)
    return services.orders.reader.order(order_id, asker=asker, sight=sight)
