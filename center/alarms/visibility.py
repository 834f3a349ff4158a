"""Which alarms somebody sees: of cameras in sight, of agents with one; those of no camera only who sees everything.

And which rules: those that look at nothing but cameras in sight. One that looks everywhere is of the whole centre.
"""

from sqlalchemy import ColumnElement, and_, or_, true, tuple_

from center.access.permissions import CameraKey, Scope
from center.alarms.rule import RuleText
from center.alarms.tables import AlarmRecord, MatchRecord


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


def sees_rule(sight: Scope, *texts: RuleText) -> bool:
    """Whether a rule that says this, in its newest version and in the one in force, is in sight."""
    return sight.everywhere or all(text.cameras and sight.holds_all(map(_key, text.cameras)) for text in texts)


def matched_in_sight(sight: Scope) -> ColumnElement[bool]:
    """As `in_sight`, on `MatchRecord`: a version of before may have looked elsewhere."""
    if sight.everywhere:
        return true()
    return MatchRecord.place.in_(sorted(f"{camera.agent_id}/{camera.camera_id}" for camera in sight.cameras))


def _key(place: str) -> CameraKey:
    agent_id, _, camera_id = place.partition("/")
    return CameraKey(agent_id, camera_id)
