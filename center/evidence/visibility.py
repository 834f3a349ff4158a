"""Which exports somebody sees: those whose every picture is of a camera in sight, and one's own that have none yet."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, not_, or_, select, true, tuple_

from center.access.permissions import Access, Scope
from center.evidence.tables import ExportedCamera, ExportRecord


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and at which cameras that may export."""

    sight: Scope
    actor: str
    """The account, or the account and its token."""
    access: Access = field(default=Access())
    """By which it is judged which cases are in sight; none, where nothing is given."""


def in_sight(viewer: Viewer) -> ColumnElement[bool]:
    """As a condition on `ExportRecord`."""
    if viewer.sight.everywhere:
        return true()
    cameras = select(ExportedCamera).where(ExportedCamera.export_id == ExportRecord.id)
    place = tuple_(ExportedCamera.agent_id, ExportedCamera.camera_id)
    hidden = cameras.where(not_(place.in_(sorted(viewer.sight.cameras))))
    username = viewer.actor.partition(":")[0]
    own = or_(ExportRecord.actor == username, ExportRecord.actor.startswith(f"{username}:", autoescape=True))
    return and_(not_(hidden.exists()), or_(cameras.exists(), own))
