"""Applies the acts of users to orders: assignment, a technician's steps, waits for the owner, confirmation."""

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.districts import access_of
from center.access.permissions import Identity, Permission, Scope
from center.database.store import User
from center.errors import UnknownCameraError
from center.fleet.devices import Devices
from center.orders.errors import (
    NotATechnicianError,
    OrderExistsError,
    OrderStateError,
    OrderTakenError,
    OwnConfirmationError,
    StepReusedError,
)
from center.orders.states import BEFORE_WORK, EVENT_OF, MaintenanceState, OrderEvent, StepKind
from center.orders.tables import OrderEventRecord, OrderRecord
from center.orders.terms import OrderTerms
from center.orders.views import PartUsed
from center.orders.visibility import sees
from center.orders.writer import HAND, Acting, OrderSubject, OrderWriter, history_of, line_now
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN
from provisioning.contracts.wire.messages import TimeMs

MAX_PARTS: Final = 50
Note = Annotated[str, StringConstraints(max_length=2000)]
_OF_ANYBODY: Final = frozenset({StepKind.NOTE, StepKind.REOPEN})
"""Steps that need no acceptance before."""


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewOrder(_Asked):
    """An order as a user enters it: for a fault that no rule names."""

    agent_id: str = Field(pattern=AGENT_PATTERN)
    camera_id: str = Field(pattern=CAMERA_PATTERN)
    cause: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
    is_key: bool = False


class TechnicianStep(_Asked):
    """Step that a technician's telephone tells; told again with the same id it is one."""

    step_id: UUID
    """Made by the telephone."""
    kind: StepKind
    told_at: TimeMs
    """Time at which it happened, as the telephone says."""
    note: Note = ""
    parts: tuple[PartUsed, ...] = Field(default=(), max_length=MAX_PARTS)

    @model_validator(mode="after")
    def _has_its_parts(self) -> Self:
        if (self.kind is StepKind.PART) != bool(self.parts):
            raise ValueError("parts: a step `part` names them, no other does")
        if self.kind is StepKind.NOTE and not self.note.strip():
            raise ValueError("note: a step `note` has one")
        return self


class OrderWorkflow:
    """Acts of users. `asker` is the user who acts, `sight` the cameras that the permission covers. Blocks.

    Raises (all methods):
        StoreUnavailableError: nothing was done.
        UnknownOrderError: no order of that number is in sight.
    """

    def __init__(self, writer: OrderWriter, devices: Devices) -> None:
        self._writer = writer
        self._devices = devices

    def create(self, new: NewOrder, *, asker: Identity, sight: Scope) -> int:
        """Opens an order by hand; returns its number.

        Raises:
            UnknownCameraError: no agent has reported this camera, or it is out of sight.
            OrderExistsError: the camera has such an order that has not ended.
        """
        camera = self._devices.camera(new.agent_id, new.camera_id)
        if camera is None or not sight.holds(new.agent_id, new.camera_id):
            raise UnknownCameraError(camera_id=new.camera_id)
        place = f"{new.agent_id}/{new.camera_id}"
        subject = OrderSubject(place, HAND, new.agent_id, new.camera_id, camera.title, new.cause)
        with self._writer.acting() as acting:
            if (other := acting.live(subject.key)) is not None:
                raise OrderExistsError(order_id=other.id)
            return acting.open(subject, is_key=new.is_key, rule_id=None, actor=asker.actor, note=new.cause).id

    def assign(self, order_id: int, username: str, *, asker: Identity, sight: Scope) -> None:
        """Assigns an order to a technician, also one that another has accepted.

        Raises:
            NotATechnicianError: the account may not work on orders of this camera.
            OrderStateError: the order is mended or has ended.
        """
        with self._writer.acting() as acting:
            order = acting.order(order_id, sight, asker.username)
            if not may_work(acting.session, username, order):
                raise NotATechnicianError(username=username)
            assign(acting, order, username, actor=asker.actor)

    def step(self, order_id: int, step: TechnicianStep, *, asker: Identity, sight: Scope) -> None:
        """Adds a technician's step. The same step again changes nothing.

        Raises:
            OrderTakenError: another technician has accepted the order.
            OrderStateError: the state does not allow the step.
            StepReusedError: the id is that of another step.
        """
        event, step_id = EVENT_OF[step.kind], str(step.step_id)
        with self._writer.acting() as acting:
            order = acting.order(order_id, sight, asker.username)
            known = acting.session.scalar(select(OrderEventRecord).where(OrderEventRecord.step_id == step_id))
            if known is not None:
                if (known.order_id, known.event, account_of(known.actor)) != (order_id, event, asker.username):
                    raise StepReusedError
                return
            self._check_taker(order, step.kind, asker)
            if step.kind is StepKind.ACCEPT:
                order.assignee = asker.username
            acting.note(
                order,
                event,
                asker.actor,
                line_ms=_believed_ms(acting, order, step.told_at),
                told_at_ms=step.told_at,
                note=step.note,
                parts=step.parts,
                step_id=step_id,
            )

    def wait(self, order_id: int, *, waits: bool, note: str, asker: Identity, sight: Scope) -> None:
        """Stops the contract's clocks while the owner has to act first, or lets them go on.

        Raises:
            OrderStateError: the order has ended, or waits already, or does not.
        """
        with self._writer.acting() as acting:
            order = acting.order(order_id, sight, asker.username)
            is_paused = history_of(acting.session, order_id).paused_ms is not None
            event = OrderEvent.WAITING if waits else OrderEvent.RESUMED
            if is_paused is waits:
                raise OrderStateError
            acting.note(order, event, asker.actor, note=note)

    def confirm(self, order_id: int, *, confirms: bool, note: str, asker: Identity, sight: Scope) -> None:
        """Confirms an order that is well, or sends it back to its technician.

        Raises:
            OwnConfirmationError: the user worked on the order.
            OrderStateError: the order is not well, or not any more.
        """
        with self._writer.acting() as acting:
            order = acting.order(order_id, sight, asker.username)
            if not confirms:
                acting.note(order, OrderEvent.REOPENED, asker.actor, note=note)
                return
            if order.state == MaintenanceState.WELL and not may_confirm(acting.session, order, asker):
                raise OwnConfirmationError
            acting.note(order, OrderEvent.CONFIRMED, asker.actor, note=note)

    def void(self, order_id: int, *, reason: str, asker: Identity, sight: Scope) -> None:
        """Ends an order without repair.

        Raises:
            OrderStateError: the order has ended.
        """
        with self._writer.acting() as acting:
            acting.note(acting.order(order_id, sight, asker.username), OrderEvent.VOIDED, asker.actor, note=reason)

    def _check_taker(self, order: OrderRecord, kind: StepKind, asker: Identity) -> None:
        """Checks that the step is of the technician whose order it is; the first to accept wins."""
        is_mine = order.assignee == asker.username
        is_free = kind is StepKind.ACCEPT and order.state in BEFORE_WORK
        if is_mine or is_free or kind in _OF_ANYBODY:
            return
        if order.assignee and order.state not in BEFORE_WORK:
            raise OrderTakenError(order_id=order.id, username=order.assignee)
        raise OrderStateError


def assign(acting: Acting, order: OrderRecord, username: str, *, actor: str) -> None:
    """Assigns an order, with a notice to the technician.

    Raises:
        OrderStateError: the order is mended or has ended.
    """
    order.assignee = username
    event = acting.note(order, OrderEvent.ASSIGNED, actor, note=username)
    acting.tell(order, f"assigned-{event.id}")


def may_work(session: Session, username: str, order: OrderRecord) -> bool:
    """True if an account is enabled and may work on orders of this camera."""
    user = session.scalar(select(User).where(User.username == username))
    if user is None or user.disabled:
        return False
    return sees(access_of(session, user.id).scope(Permission.ORDER_WORK), order)


def may_confirm(session: Session, order: OrderRecord, asker: Identity) -> bool:
    """True if the user did no step of the order."""
    workers = {account_of(actor) for actor in history_of(session, order.id).workers}
    return asker.username not in workers | {order.assignee}


def account_of(actor: str) -> str:
    """Returns the account of an actor, whose token the actor may name, too."""
    return actor.partition(":")[0]


def needs_second(order: OrderRecord) -> bool:
    """True if a second person has to confirm the order: no indicator proves what a user saw."""
    return order.fault == HAND or OrderTerms.model_validate_json(order.terms).confirm


def _believed_ms(acting: Acting, order: OrderRecord, told_at_ms: int) -> int | None:
    """Returns the time that a telephone told, on the order's line; None if the receipt counts instead.

    It counts where it lies between the last assignment, or opening, and the receipt. Both bounds are of the order's
    line: a wall clock that jumped meanwhile makes no time believable.
    """
    received_ms = line_now(order, acting.moment)
    told_ms = received_ms - (acting.moment.wall_ms - told_at_ms)
    since = acting.session.scalar(
        select(OrderEventRecord.line_ms)
        .where(
            OrderEventRecord.order_id == order.id,
            OrderEventRecord.event.in_([OrderEvent.OPENED, OrderEvent.ASSIGNED, OrderEvent.REOPENED]),
        )
        .order_by(OrderEventRecord.id.desc())
        .limit(1)
    )
    return told_ms if since is not None and since <= told_ms <= received_ms else None
