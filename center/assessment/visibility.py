"""What of the assessment's lists somebody sees: of cameras in sight, and the districts that these are filed under."""

from sqlalchemy import ColumnElement, Select, or_, select, true, tuple_

from center.access.permissions import Scope
from center.assessment.tables import RegisteredRecord, WindowRecord


def registered_in_sight(sight: Scope) -> ColumnElement[bool]:
    """As a condition on `RegisteredRecord`."""
    if sight.everywhere:
        return true()
    return tuple_(RegisteredRecord.agent_id, RegisteredRecord.camera_id).in_(sorted(sight.cameras))


def names_in_sight(sight: Scope) -> Select[str]:
    """Of the assessment's districts."""
    return select(RegisteredRecord.district).where(registered_in_sight(sight))


def window_in_sight(sight: Scope) -> ColumnElement[bool]:
    """As a condition on `WindowRecord`: what excuses the whole fleet, a district in sight, or a camera in sight."""
    if sight.everywhere:
        return true()
    table = WindowRecord
    return or_(
        table.scope == "fleet",
        (table.scope == "district") & table.district.in_(names_in_sight(sight)),
        (table.scope == "camera") & tuple_(table.agent_id, table.camera_id).in_(sorted(sight.cameras)),
    )
