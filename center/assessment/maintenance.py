"""Keeps planned maintenance: its scope, begin and end, reason, and the user who entered it. None is ever deleted."""

from collections.abc import Callable, Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.permissions import CameraKey, Scope
from center.assessment.errors import UnknownWindowError, WindowRefusedError
from center.assessment.period import Span, clipped, merged
from center.assessment.profiles import Profile
from center.assessment.recording.facts import HOUR_MS
from center.assessment.settings import SettingsBook
from center.assessment.tables import WindowRecord
from center.assessment.visibility import window_in_sight
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN
from provisioning.contracts.wire.messages import TimeMs


class Plan(BaseModel):
    """Maintenance as a user enters it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Literal["fleet", "district", "camera"]
    district: str = Field(default="", max_length=64)
    agent_id: str = Field(default="", pattern=rf"^$|{AGENT_PATTERN}")
    camera_id: str = Field(default="", pattern=rf"^$|{CAMERA_PATTERN}")
    from_ms: TimeMs
    to_ms: TimeMs | None = None
    """None: open; `end` closes it."""
    reason: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _names_its_scope(self) -> Self:
        wanted = {
            "fleet": (False, False, False),
            "district": (True, False, False),
            "camera": (False, True, True),
        }[self.scope]
        if (bool(self.district), bool(self.agent_id), bool(self.camera_id)) != wanted:
            raise ValueError("a district's maintenance names the district, a camera's its agent and id, a fleet's none")
        return self


class MaintenanceWindow(BaseModel):
    """Maintenance as it is stored."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    scope: Literal["fleet", "district", "camera"]
    district: str
    agent_id: str
    camera_id: str
    from_ms: int
    to_ms: int | None
    reason: str
    entered_by: str
    entered_at_ms: int
    retroactive: bool
    """True if it was entered later after its begin than `Settings.retroactive_h`."""
    ended_by: str
    """User who gave it an end, or an earlier one."""
    withdrawn_by: str
    withdrawn_at_ms: int | None

    def covers(self, profile: Profile) -> bool:
        """True if a camera is in its scope."""
        match self.scope:
            case "fleet":
                return True
            case "district":
                return self.district == profile.district
            case "camera":
                return (self.agent_id, self.camera_id) == profile.key

    def hours(self, end_hour: int) -> Span:
        """Returns the hours that it touches, as [first, end); without an end it goes on until `end_hour`."""
        return self.from_ms // HOUR_MS, end_hour if self.to_ms is None else -(-self.to_ms // HOUR_MS)


class Maintenance:
    """Enters, ends and lists maintenance. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(
        self, store: Store, audit: Audit, settings: SettingsBook, now_ms: NowMs, before_change: Callable[[], None]
    ) -> None:
        """`before_change` is called before each change, as in `SettingsBook`."""
        self._store = store
        self._audit = audit
        self._settings = settings
        self._now_ms = now_ms
        self._before_change = before_change

    def enter(self, plan: Plan, *, actor: str) -> MaintenanceWindow:
        """Enters maintenance, marked `retroactive` if it began longer ago than the settings allow.

        Raises:
            WindowRefusedError: it ends before it begins.
        """
        if plan.to_ms is not None and plan.to_ms <= plan.from_ms:
            raise WindowRefusedError(fault="it ends before it begins")
        self._before_change()
        now_ms = self._now_ms()
        is_late = plan.from_ms < now_ms - self._settings.load().retroactive_h * HOUR_MS
        with self._store.transaction() as session:
            record = WindowRecord(
                **plan.model_dump(),
                entered_by=actor,
                entered_at_ms=now_ms,
                retroactive=is_late,
                ended_by="",
                withdrawn_by="",
                withdrawn_at_ms=None,
            )
            session.add(record)
            session.flush()
            detail = {"id": record.id, "retroactive": is_late, **plan.model_dump()}
            self._audit.add(session, actor, "assessment.maintenance", detail)
            return MaintenanceWindow.model_validate(record)

    def end(self, number: int, *, to_ms: int, actor: str) -> MaintenanceWindow:
        """Sets an end, or an earlier one.

        A later end must be entered as new maintenance, or it would excuse without a trace.

        Raises:
            UnknownWindowError: no maintenance of this number is in force.
            WindowRefusedError: the end is later than the one it has, or before its beginning.
        """
        self._before_change()
        with self._store.transaction() as session:
            record = _in_force(session, number)
            if to_ms <= record.from_ms:
                raise WindowRefusedError(fault="it would end before it begins")
            if record.to_ms is not None and to_ms > record.to_ms:
                raise WindowRefusedError(fault="it would end later than was entered")
            record.to_ms, record.ended_by = to_ms, actor
            self._audit.add(session, actor, "assessment.maintenance_ended", {"id": number, "to_ms": to_ms})
            return MaintenanceWindow.model_validate(record)

    def withdraw(self, number: int, *, actor: str) -> MaintenanceWindow:
        """Withdraws maintenance: it excuses nothing any more, and stays on record.

        Raises:
            UnknownWindowError: no maintenance of this number is in force.
        """
        self._before_change()
        with self._store.transaction() as session:
            record = _in_force(session, number)
            record.withdrawn_by, record.withdrawn_at_ms = actor, self._now_ms()
            self._audit.add(session, actor, "assessment.maintenance_withdrawn", {"id": number})
            return MaintenanceWindow.model_validate(record)

    def page(self, after: int, limit: int, sight: Scope) -> list[MaintenanceWindow]:
        """Returns the next maintenance in sight after a number, with those withdrawn."""
        with self._store.transaction() as session:
            records = session.scalars(
                select(WindowRecord)
                .where(WindowRecord.id > after, window_in_sight(sight))
                .order_by(WindowRecord.id)
                .limit(limit)
            )
            return [MaintenanceWindow.model_validate(record) for record in records]


def in_force(session: Session, from_ms: int, to_ms: int) -> list[MaintenanceWindow]:
    """Returns the maintenance that excuses hours between two times."""
    table = WindowRecord
    records = session.scalars(
        select(table)
        .where(
            table.withdrawn_at_ms.is_(None),
            table.from_ms < to_ms,
            (table.to_ms.is_(None)) | (table.to_ms > from_ms),
        )
        .order_by(table.id)
    )
    return [MaintenanceWindow.model_validate(record) for record in records]


def excused(
    windows: Iterable[MaintenanceWindow], served: Iterable[tuple[Profile, Span]], end_hour: int
) -> dict[CameraKey, list[Span]]:
    """Returns each camera's hours of service that maintenance touches. Overlapping ones count once."""
    listed = list(windows)
    result = {}
    for profile, within in served:
        spans = [window.hours(end_hour) for window in listed if window.covers(profile)]
        if found := clipped(merged(spans), within):
            result[profile.key] = found
    return result


def _in_force(session: Session, number: int) -> WindowRecord:
    record = session.get(WindowRecord, number)
    if record is None or record.withdrawn_at_ms is not None:
        raise UnknownWindowError(number=number)
    return record
