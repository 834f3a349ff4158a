"""Stores exports, each change together with its audit entry, and the serial numbers of time stamps."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from center.access.permissions import CameraKey
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.evidence.errors import UnknownExportError
from center.evidence.manifest import LeftOut
from center.evidence.package import ExportOrder
from center.evidence.tables import ExportedCamera, ExportRecord, ExportState, StampRecord
from center.evidence.visibility import Viewer, in_sight

CENTRE: Final = "(centre)"
"""Actor of what the centre does by itself: no account can have this name."""
KEYS_AN_ENTRY: Final = 30
"""Row keys in one audit entry, which is cut off at 4096 characters; a key has up to 96."""
LATEST: Final = 100


class Export(BaseModel):
    """One export. `done` counts the requested observations that are processed."""

    model_config = ConfigDict(frozen=True)

    id: str
    case: str
    purpose: str
    requester: str
    exported_by: str
    started_at_ms: int
    state: ExportState
    asked_for: int
    done: int
    left_out: tuple[LeftOut, ...]
    cause: str
    """Why it failed, in English; empty otherwise."""
    size: int | None
    sha256: str | None
    ends_at_ms: int | None
    """Time at which the file is removed."""


class ExportStore:
    """Stores the exports of one centre. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database or the audit cannot be used; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._now_ms = now_ms

    def begin(self, order: ExportOrder, row_keys: Sequence[str]) -> None:
        """Stores and audits an export before anything of it leaves the centre."""
        record = ExportRecord(
            id=order.export_id,
            case_number=order.case.number,
            purpose=order.case.purpose,
            requester=order.case.requester,
            actor=order.exported_by,
            started_at_ms=self._now_ms(),
            state=ExportState.RUNNING,
            asked_for=len(row_keys),
            row_keys=json.dumps(list(row_keys)),
            left_out="[]",
            cause="",
            size=None,
            sha256=None,
            ends_at_ms=None,
        )
        case = {"export": order.export_id, "case": order.case.number}
        with self._store.transaction() as session:
            session.add(record)
            asked = case | {
                "purpose": order.case.purpose,
                "requester": order.case.requester,
                "pictures": len(row_keys),
            }
            self._audit.add(session, order.exported_by, "evidence.export", asked)
            for start in range(0, len(row_keys), KEYS_AN_ENTRY):
                keys = list(row_keys[start : start + KEYS_AN_ENTRY])
                self._audit.add(session, order.exported_by, "evidence.pictures", case | {"row_keys": keys})

    def change(
        self,
        export_id: str,
        state: ExportState,
        *,
        actor: str,
        detail: Mapping[str, object],
        cameras: Iterable[CameraKey] = (),
        **values: Any,
    ) -> None:
        """Changes the state, with an audit entry, the cameras whose pictures it has by now, and further columns."""
        with self._store.transaction() as session:
            record = session.get_one(ExportRecord, export_id)
            for agent_id, camera_id in cameras:
                session.add(ExportedCamera(export_id=export_id, agent_id=agent_id, camera_id=camera_id))
            record.state = state
            for name, value in values.items():
                setattr(record, name, value)
            facts = {"export": export_id, "case": record.case_number, **detail}
            self._audit.add(session, actor, f"evidence.{state.value}", facts)

    def downloaded(self, export_id: str, case: str, sha256: str | None, *, actor: str) -> None:
        """Audits that a user is about to get the file."""
        self._audit.append(actor, "evidence.download", {"export": export_id, "case": case, "sha256": sha256})

    def get(self, export_id: str, viewer: Viewer, *, done: int | None = None) -> Export:
        """Returns one export; `done` is the progress of one that runs.

        Raises:
            UnknownExportError: no such export is in sight.
        """
        with self._store.transaction() as session:
            record = session.scalar(select(ExportRecord).where(ExportRecord.id == export_id, in_sight(viewer)))
        if record is None:
            raise UnknownExportError(export_id=export_id)
        return _shown(record, done)

    def in_sight(self, export_ids: Iterable[str], viewer: Viewer) -> frozenset[str]:
        """Returns those of the exports that the viewer sees."""
        wanted = select(ExportRecord.id).where(ExportRecord.id.in_(sorted(set(export_ids))), in_sight(viewer))
        with self._store.transaction() as session:
            return frozenset(session.scalars(wanted))

    def row_keys(self, export_id: str) -> tuple[str, ...]:
        """Returns the row keys that were requested."""
        with self._store.transaction() as session:
            return tuple(json.loads(session.get_one(ExportRecord, export_id).row_keys))

    def latest(self, viewer: Viewer) -> tuple[Export, ...]:
        """Returns the newest exports in sight, newest first, at most `LATEST`."""
        seen = select(ExportRecord).where(in_sight(viewer))
        newest = seen.order_by(ExportRecord.started_at_ms.desc(), ExportRecord.id).limit(LATEST)
        with self._store.transaction() as session:
            return tuple(_shown(record, None) for record in session.scalars(newest))

    def in_state(self, state: ExportState) -> tuple[Export, ...]:
        """Returns all exports in one state."""
        with self._store.transaction() as session:
            found = session.scalars(select(ExportRecord).where(ExportRecord.state == state))
            return tuple(_shown(record, None) for record in found)


class Serials:
    """Gives each serial number of a time stamp once. Blocks; any thread may call it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._one_at_a_time = threading.Lock()

    def next(self, now_ms: int, imprint: str) -> int:
        """Returns a number above all before, by the clock: so it is new also after a restore of the database.

        Raises:
            StoreUnavailableError: the number could not be stored.
        """
        with self._one_at_a_time, self._store.transaction() as session:
            last = session.scalar(select(func.max(StampRecord.serial))) or 0
            serial = max(last + 1, now_ms)
            session.add(StampRecord(serial=serial, at_ms=now_ms, imprint_sha256=imprint))
        return serial


def _shown(record: ExportRecord, done: int | None) -> Export:
    state = ExportState(record.state)
    return Export(
        id=record.id,
        case=record.case_number,
        purpose=record.purpose,
        requester=record.requester,
        exported_by=record.actor,
        started_at_ms=record.started_at_ms,
        state=state,
        asked_for=record.asked_for,
        done=done if done is not None else record.asked_for if state in {ExportState.READY, ExportState.REMOVED} else 0,
        left_out=tuple(LeftOut.model_validate(out) for out in json.loads(record.left_out)),
        cause=record.cause,
        size=record.size,
        sha256=record.sha256,
        ends_at_ms=record.ends_at_ms,
    )
