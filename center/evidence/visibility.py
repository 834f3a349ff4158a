"""Decides the exports that a user sees: those with pictures of cameras in sight alone, and own ones without any yet."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, not_, or_, select, true, tuple_

from center.access.permissions import Access, Scope
from center.evidence.tables import ExportedCamera, ExportRecord


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user who asks, and the cameras of which that user may export."""

    sight: Scope
    actor: str
    """The account, or the account and its token."""
    access: Access = field(default=Access())
    """Access that decides which cases are in sight; by default none."""


def in_sight(viewer: Viewer) -> ColumnElement[bool]:
    """Returns the decision as a condition on `ExportRecord`."""
    if viewer.sight.everywhere:
        return true()
    cameras = select(ExportedCamera).where(ExportedCamera.export_id == ExportRecord.id)
    place = tuple_(ExportedCamera.agent_id, ExportedCamera.camera_id)
    hidden = cameras.where(not_(place.in_(sorted(viewer.sight.cameras))))
    username = viewer.actor.partition(":")[0]
    own = or_(ExportRecord.actor == username, ExportRecord.actor.startswith(f"{username}:", autoescape=True))
    return and_(not_(hidden.exists()), or_(cameras.exists(), own))
