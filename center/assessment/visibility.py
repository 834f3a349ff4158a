"""Limits the assessment's lists to cameras in sight, and to the districts that these are registered in."""

from sqlalchemy import ColumnElement, Select, or_, select, true, tuple_

from center.access.permissions import Scope
from center.assessment.tables import RegisteredRecord, WindowRecord


def registered_in_sight(sight: Scope) -> ColumnElement[bool]:
    """Returns the limit as a condition on `RegisteredRecord`."""
    if sight.everywhere:
        return true()
    return tuple_(RegisteredRecord.agent_id, RegisteredRecord.camera_id).in_(sorted(sight.cameras))


def names_in_sight(sight: Scope) -> Select[str]:
    """Selects the names of the assessment's districts in sight."""
    return select(RegisteredRecord.district).where(registered_in_sight(sight))


def window_in_sight(sight: Scope) -> ColumnElement[bool]:
    """Returns the limit on `WindowRecord`: maintenance of the whole fleet, of a district or of a camera in sight."""
    if sight.everywhere:
        return true()
    table = WindowRecord
    return or_(
        table.scope == "fleet",
        (table.scope == "district") & table.district.in_(names_in_sight(sight)),
        (table.scope == "camera") & tuple_(table.agent_id, table.camera_id).in_(sorted(sight.cameras)),
    )
