"""Runs exports, keeps their files for a while, and removes them: one task each; a file appears whole, never half."""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from pydantic import BaseModel, Field, field_validator

from center.access.permissions import Access, CameraKey
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, StartError
from center.evidence import audit_extract
from center.evidence.errors import ExportErasedError, ExportNotReadyError, ExportsBusyError, TooManyPicturesError
from center.evidence.export_store import CENTRE, Export, ExportStore
from center.evidence.manifest import Case, CaseNumber, LeftOut, Purpose, Requester
from center.evidence.package import ExportOrder, NotStampedError, Package, Sealer
from center.evidence.source import erased, fetch
from center.evidence.tables import ExportState
from center.evidence.trust import Roots
from center.evidence.verify import RefusedError, verify
from center.evidence.visibility import Viewer
from center.evidence.zip_container import BrokenArchiveError
from center.retention import Retention
from center.search.client import ROW_KEY_PATTERN, Search
from provisioning.contracts.config.evidence import MAX_PICTURES
from provisioning.files import durable

MAX_RUNNING: Final = 2
SWEEP_S: Final = 60.0
LOOK_FOR_ERASED_MS: Final = 30 * 60 * 1000
"""Milliseconds between checks of all exports for erased pictures; one that is downloaded is checked then, too."""
_HOUR_MS: Final = 3_600_000


class ExportRequest(BaseModel):
    """Request of an export: observations, case, purpose and requester.

    Each observation counts once, in the order given.
    """

    case: CaseNumber
    purpose: Purpose
    requester: Requester
    row_keys: tuple[Annotated[str, Field(pattern=ROW_KEY_PATTERN)], ...] = Field(min_length=1, max_length=MAX_PICTURES)

    @field_validator("row_keys")
    @classmethod
    def _once(cls, row_keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row_keys))


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """Limits of exports: the folder, pictures of one export, and milliseconds for which it is kept."""

    folder: Path
    max_pictures: int
    keep_ms: int


@dataclass(slots=True)
class _Running:
    done: int = 0
    cancelled_by: str | None = None
    task: asyncio.Task[None] | None = field(default=None)


class _CancelledError(Exception):
    pass


class Exports:
    """Runs and serves the exports of one centre."""

    def __init__(
        self,
        *,
        store: Store,
        search: Search,
        ledger: ExportStore,
        sealer: Sealer,
        roots: Roots,
        keeping: ExportLimits,
        camera_name: Callable[[str, str], str],
        cases_in_sight: Callable[[Iterable[str], Access], frozenset[str]],
        retention: Retention,
        now_ms: NowMs,
    ) -> None:
        self._store = store
        self._search = search
        self._ledger = ledger
        self._sealer = sealer
        self._roots = roots
        self._keeping = keeping
        self._camera_name = camera_name
        self._cases_in_sight = cases_in_sight
        self._retention = retention
        self._now_ms = now_ms
        self._running: dict[str, _Running] = {}
        self._looked_at_ms = 0
        self.certificates_end: Final[Mapping[str, datetime]] = {
            "signing_cert_file": sealer.signer.certificate.not_valid_after_utc,
            "stamp_cert_file": sealer.stamps.certificate_ends,
        }
        """Times from which an export proves nothing, by the setting that names the certificate."""
        self.loop = Periodic("the sweeping of exports", SWEEP_S, self.sweep)

    def recover(self) -> None:
        """Makes the folder and fails exports that a stop of the centre cut off, before any runs. Blocks.

        Raises:
            StartError: the folder cannot be used.
            StoreUnavailableError: the database cannot be used.
        """
        folder = self._keeping.folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            for part in folder.glob("*.part"):
                part.unlink()
        except OSError as error:
            raise StartError(
                what=f"{folder} cannot be used ({error.strerror})",
                what_to_do="Give the centre's user its data folder",
            ) from error
        for export in self._ledger.in_state(ExportState.RUNNING):
            cause = "the centre was stopped while it ran"
            self._ledger.change(export.id, ExportState.FAILED, actor=CENTRE, detail={"cause": cause}, cause=cause)

    async def start(self, asked: ExportRequest, viewer: Viewer) -> Export:
        """Starts an export, which is audited when this returns. Observations out of sight by now are left out of it.

        Raises:
            TooManyPicturesError, ExportsBusyError: it has too many pictures, or too many exports run.
            StoreUnavailableError: it could not be stored, so nothing was started.
        """
        if len(asked.row_keys) > self._keeping.max_pictures:
            raise TooManyPicturesError(count=len(asked.row_keys), limit=self._keeping.max_pictures)
        if len(self._running) >= MAX_RUNNING:
            raise ExportsBusyError(running=len(self._running))
        order = ExportOrder(
            export_id=secrets.token_hex(16),
            case=Case(number=asked.case, purpose=asked.purpose, requester=asked.requester),
            exported_by=viewer.actor,
            asked_for=len(asked.row_keys),
        )
        running = self._running[order.export_id] = _Running()
        try:
            await asyncio.to_thread(self._ledger.begin, order, asked.row_keys)
        except CenterError:
            del self._running[order.export_id]
            raise
        running.task = asyncio.create_task(
            self._run(order, asked.row_keys, running, viewer), name=f"export {order.export_id}"
        )
        return await self.get(order.export_id, viewer)

    async def get(self, export_id: str, viewer: Viewer) -> Export:
        """Returns one export.

        Raises:
            UnknownExportError, StoreUnavailableError: no such export is in sight, or it cannot be read.
        """
        running = self._running.get(export_id)
        done = None if running is None else running.done
        return await asyncio.to_thread(self._ledger.get, export_id, viewer, done=done)

    async def latest(self, viewer: Viewer) -> tuple[Export, ...]:
        """Returns the newest exports in sight, newest first."""
        return await asyncio.to_thread(self._ledger.latest, viewer)

    async def end(self, export_id: str, viewer: Viewer) -> Export:
        """Cancels an export that runs, or removes the file of one that is ready; any other stays as it is.

        Raises:
            UnknownExportError, StoreUnavailableError: no such export is in sight, or the change cannot be stored.
        """
        export = await self.get(export_id, viewer)
        running = self._running.get(export_id)
        if running is not None and running.task is not None:
            running.cancelled_by = viewer.actor
            await asyncio.wait([running.task])
            export = await self.get(export_id, viewer)
        if export.state is ExportState.READY:
            await asyncio.to_thread(self._remove, export, viewer.actor, "asked for", None)
            return await self.get(export_id, viewer)
        return export

    async def file(self, export_id: str, viewer: Viewer) -> tuple[Path, Export]:
        """Returns the path of the archive, once its download is audited.

        Raises:
            ExportNotReadyError: there is no file.
            ExportErasedError: one of its pictures has been erased since; the file is removed.
            QueryError: the archive does not answer if one was.
            UnknownExportError, StoreUnavailableError: as `get`.
        """
        export = await self.get(export_id, viewer)
        path = self._path(export_id)
        if export.state is not ExportState.READY or not path.exists():
            raise ExportNotReadyError(export_id=export_id, state=export.state.value)
        gone = await self._erased_since(export)
        if gone is not None:
            raise ExportErasedError(row_key=gone, export_id=export_id)
        await asyncio.to_thread(self._ledger.downloaded, export.id, export.case, export.sha256, actor=viewer.actor)
        return path, export

    async def sweep(self) -> None:
        """Removes files that are past their time, or that hold a picture erased since.

        Raises:
            StoreUnavailableError, QueryError: it is tried again with the next sweep.
        """
        now_ms = self._now_ms()
        ready = await asyncio.to_thread(self._ledger.in_state, ExportState.READY)
        due_ms = await asyncio.to_thread(self._retention.due_ms)
        past = [] if due_ms is None else [each for each in ready if each.ends_at_ms and each.ends_at_ms <= due_ms]
        for export in past:
            await asyncio.to_thread(self._remove, export, CENTRE, "kept long enough", None)
        if abs(now_ms - self._looked_at_ms) >= LOOK_FOR_ERASED_MS:  # also after a clock was set back
            for export in ready:
                if export not in past:
                    await self._erased_since(export)
            self._looked_at_ms = now_ms

    async def close(self) -> None:
        """Cancels exports that run, and waits for them."""
        tasks = []
        for running in self._running.values():
            running.cancelled_by = running.cancelled_by or CENTRE
            if running.task is not None:
                tasks.append(running.task)
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, order: ExportOrder, row_keys: tuple[str, ...], running: _Running, viewer: Viewer) -> None:
        part = self._keeping.folder / f"{order.export_id}.part"
        state, actor, cause = ExportState.FAILED, CENTRE, "an unexpected error; see the log of the centre"
        try:
            await self._build(order, row_keys, running, part, viewer)
            state = ExportState.READY
        except _CancelledError:
            state, actor, cause = ExportState.CANCELLED, running.cancelled_by or CENTRE, ""
        except CenterError as error:
            cause = str(error)
        except (BrokenArchiveError, NotStampedError, RefusedError) as error:
            cause = f"invalid content: {error}"
        except OSError as error:
            cause = f"the data folder cannot be written ({error.strerror}); check its free space"
        finally:
            # In any case, also for an error that is none of the above and is raised on.
            part.unlink(missing_ok=True)
            del self._running[order.export_id]
            if state is not ExportState.READY:
                detail = {"cause": cause} if cause else {}
                await asyncio.to_thread(
                    self._ledger.change, order.export_id, state, actor=actor, detail=detail, cause=cause[:500]
                )

    async def _build(
        self, order: ExportOrder, row_keys: tuple[str, ...], running: _Running, part: Path, viewer: Viewer
    ) -> None:
        cameras: set[CameraKey] = set()
        with _created(part) as target:
            package = Package(target, order, self._sealer)
            for row_key in row_keys:
                _go_on(running)
                found = await fetch(self._search, row_key, viewer.sight)
                if isinstance(found, LeftOut):
                    package.leave_out(found)
                else:
                    camera = CameraKey(found.item.snapshot.agent_id, found.item.snapshot.camera_id)
                    cameras.add(camera)
                    name = self._camera_name(*camera)
                    await asyncio.to_thread(package.add, found.item, found.jpeg, camera_name=name, holds=found.holds)
                running.done += 1
            _go_on(running)
            if not package.pictures:
                raise BrokenArchiveError("observations", "none of them has a picture")
            taken = frozenset(row_keys) - {out.row_key for out in package.left_out}
            if (gone := await erased(self._search, sorted(taken))) is not None:
                raise ExportErasedError(row_key=gone, export_id=order.export_id)
            hidden = {out.row_key for out in package.left_out if out.reason == "unknown"}
            known = frozenset(row_keys if viewer.sight.everywhere else set(row_keys) - hidden)
            await asyncio.to_thread(self._seal, package, known, order.case.number, viewer)
            target.flush()
            await asyncio.to_thread(os.fsync, target.fileno())
        _go_on(running)
        await asyncio.to_thread(verify, part, self._roots)
        await asyncio.to_thread(self._keep, order, package, part, cameras)

    def _seal(self, package: Package, row_keys: frozenset[str], case_number: str, viewer: Viewer) -> None:
        sight = audit_extract.ExtractSight(
            cases=lambda numbers: self._cases_in_sight(numbers, viewer.access),
            exports=lambda export_ids: self._ledger.in_sight(export_ids, viewer),
        )
        audit = audit_extract.extract(self._store, row_keys, case_number, sight)
        package.close(audit, now_ms=self._now_ms())

    def _keep(self, order: ExportOrder, package: Package, part: Path, cameras: set[CameraKey]) -> None:
        size = part.stat().st_size
        path = self._path(order.export_id)
        try:
            durable.move(part, path)
            self._ledger.change(
                order.export_id,
                ExportState.READY,
                actor=order.exported_by,
                detail={"sha256": package.sha256(), "size": size, "pictures": package.pictures},
                cameras=sorted(cameras),
                left_out=json.dumps([out.model_dump(mode="json") for out in package.left_out]),
                size=size,
                sha256=package.sha256(),
                ends_at_ms=self._retention.latest_ms() + self._keeping.keep_ms,
            )
        except (CenterError, OSError):
            path.unlink(missing_ok=True)
            raise

    async def _erased_since(self, export: Export) -> str | None:
        """Returns an observation of this export that was erased since, if any; then removes the file, too."""
        row_keys = await asyncio.to_thread(self._ledger.row_keys, export.id)
        out = {each.row_key for each in export.left_out}
        gone = await erased(self._search, [row_key for row_key in row_keys if row_key not in out])
        if gone is not None:
            await asyncio.to_thread(self._remove, export, CENTRE, "erased", gone)
        return gone

    def _remove(self, export: Export, actor: str, reason: str, row_key: str | None) -> None:
        self._path(export.id).unlink(missing_ok=True)
        detail: dict[str, object] = {"reason": reason, "sha256": export.sha256}
        if row_key is not None:
            detail["row_key"] = row_key
        self._ledger.change(export.id, ExportState.REMOVED, actor=actor, detail=detail)

    def _path(self, export_id: str) -> Path:
        return self._keeping.folder / f"{export_id}.zip"


def keep_ms(hours: float) -> int:
    """Converts hours of keeping to milliseconds."""
    return round(hours * _HOUR_MS)


def _go_on(running: _Running) -> None:
    if running.cancelled_by is not None:
        raise _CancelledError


def _created(path: Path) -> BinaryIO:
    """Creates a file that only the centre's user may read, from its first byte on."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
