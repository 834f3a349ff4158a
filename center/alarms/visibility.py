"""Decides which alarms and rules a user sees.

Alarms: of cameras in sight and of agents with such a camera; those of no camera only if the user sees everything.
Rules: those that cover only cameras in sight. A rule that covers all cameras belongs to the whole centre.
"""

from sqlalchemy import ColumnElement, and_, or_, true, tuple_

from center.access.permissions import CameraKey, Scope
from center.alarms.rules.rule import RuleText
from center.alarms.tables import AlarmRecord, MatchRecord


def sees(sight: Scope, agent_id: str, camera_id: str) -> bool:
    """True if an alarm of this camera, agent or, both empty, of the centre is in sight."""
    if camera_id:
        return sight.holds(agent_id, camera_id)
    return sight.holds_agent(agent_id) if agent_id else sight.everywhere


def in_sight(sight: Scope) -> ColumnElement[bool]:
    """Returns the same as a condition on `AlarmRecord`."""
    if sight.everywhere:
        return true()
    agents = sorted({camera.agent_id for camera in sight.cameras})
    return or_(
        tuple_(AlarmRecord.agent_id, AlarmRecord.camera_id).in_(sorted(sight.cameras)),
        and_(AlarmRecord.camera_id == "", AlarmRecord.agent_id.in_(agents)),
    )


def sees_rule(sight: Scope, *texts: RuleText) -> bool:
    """True if a rule of these texts, its newest version and the one in force, is in sight."""
    return sight.everywhere or all(text.cameras and sight.holds_all(cameras_of(text)) for text in texts)


def matched_in_sight(sight: Scope) -> ColumnElement[bool]:
    """Returns `in_sight` as a condition on `MatchRecord`: an earlier version may have covered other cameras."""
    if sight.everywhere:
        return true()
    return MatchRecord.place.in_(sorted(f"{camera.agent_id}/{camera.camera_id}" for camera in sight.cameras))


def cameras_of(text: RuleText) -> frozenset[CameraKey]:
    """Returns the cameras of a rule; none where it covers all."""
    return frozenset(CameraKey(*place.split("/", 1)) for place in text.cameras)
