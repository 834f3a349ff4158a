"""Which alarms somebody sees: of cameras in sight, of agents with one; those of no camera only who sees everything."""

from sqlalchemy import ColumnElement, and_, or_, true, tuple_

from center.access import Scope
from center.alarms.records import AlarmRecord


def sees(sight: Scope, agent_id: str, camera_id: str) -> bool:
    """Whether an alarm of this camera, agent or, both empty, of the centre is in sight."""
    if camera_id:
        return sight.holds(agent_id, camera_id)
    return sight.holds_agent(agent_id) if agent_id else sight.everywhere


def in_sight(sight: Scope) -> ColumnElement[bool]:
    """The same, as a condition on `AlarmRecord`."""
    if sight.everywhere:
        return true()
    agents = sorted({camera.agent_id for camera in sight.cameras})
    return or_(
        tuple_(AlarmRecord.agent_id, AlarmRecord.camera_id).in_(sorted(sight.cameras)),
        and_(AlarmRecord.camera_id == "", AlarmRecord.agent_id.in_(agents)),
    )
