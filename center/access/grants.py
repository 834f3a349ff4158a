"""Turns stored grants into what an account may do."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.districts import GrantRecord, cameras_of
from center.access.permissions import Access, Grant, Permission, Role


def access_of(session: Session, user_id: int, *, token_scopes: frozenset[Permission] | None = None) -> Access:
    """Reads all that an account may do, with the cameras of its districts as they are now."""
    records = session.scalars(select(GrantRecord).where(GrantRecord.user_id == user_id).order_by(GrantRecord.id)).all()
    return Access(grants_of(session, records), token_scopes)


def grants_of(session: Session, records: Sequence[GrantRecord]) -> tuple[Grant, ...]:
    """Turns stored grants into those of `center.access.permissions`."""
    districts = cameras_of(session, {record.district_id for record in records if record.district_id is not None})
    return tuple(
        Grant(
            role=Role(record.role),
            district=None if record.district_id is None else districts[record.district_id],
            case_id=record.case_id,
        )
        for record in records
    )
