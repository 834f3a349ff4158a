"""Limits orders to the cameras in sight, and to those assigned to the user."""

from sqlalchemy import ColumnElement, and_, or_, true, tuple_

from center.access.permissions import Scope
from center.orders.tables import OrderRecord


def in_sight(sight: Scope, username: str = "") -> ColumnElement[bool]:
    """Returns the condition on `OrderRecord`: as of an alarm, or assigned to the user. Empty user: no assignment."""
    if sight.everywhere:
        return true()
    agents = sorted({camera.agent_id for camera in sight.cameras})
    seen = or_(
        tuple_(OrderRecord.agent_id, OrderRecord.camera_id).in_(sorted(sight.cameras)),
        and_(OrderRecord.camera_id == "", OrderRecord.agent_id.in_(agents)),
    )
    return or_(seen, OrderRecord.assignee == username) if username else seen


def sees(sight: Scope, order: OrderRecord, username: str = "") -> bool:
    """True if one order is in sight."""
    if username and order.assignee == username:
        return True
    if order.camera_id:
        return sight.holds(order.agent_id, order.camera_id)
    return sight.holds_agent(order.agent_id) if order.agent_id else sight.everywhere
