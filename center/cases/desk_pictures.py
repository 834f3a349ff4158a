"""Takes pictures of a stolen machine through the desk agent alone: the centre never holds one that is not redacted.

A case gets a *place* for a picture: the desk's camera and a moment that no other has. The user who has the picture
brings it there (`wayside-edge ingest`), over the desk agent's own HTTPS endpoint; it is redacted in memory, spooled and
archived like any other, and so becomes the one observation whose key follows from agent, camera and moment. The agent
in the key comes from the certificate that its messages were accepted by: an observation of another key is none of the
desk's. Its signature, by the key of that certificate, stands in the row, and is checked before a machine of it is
sought.
"""

import asyncio
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select

from center.access.permissions import Identity, Scope
from center.audit.log import locked
from center.cases.errors import (
    CaseStateError,
    DeskMissingError,
    ForeignPictureError,
    ForgedPictureError,
    UnsignedPictureError,
)
from center.cases.states import ENDED
from center.cases.tables import CasePictureRecord
from center.cases.views import CaseMachine, PictureList, PictureView
from center.cases.workflow import CaseWorkflow
from center.clock import ZONE, NowMs
from center.database.store import Store
from center.errors import StartError, UnknownObservationError
from center.fleet.roster import Roster
from center.search.client import Search
from provisioning.contracts import ids
from provisioning.contracts.config.processes import Cases as CasesConfig
from provisioning.contracts.query import statement
from provisioning.contracts.query.archive import Observation, SnapshotRow
from provisioning.contracts.wire.messages import PictureState
from provisioning.signing.statements import Attested, AttestError

SOURCE_KEY: Final = "recording"
"""Source key by which a desk agent names the pictures brought to it (`edge_agent.sources.upload.recording`)."""
BEHIND_MS: Final = 60_000
"""Milliseconds by which a place lies in the past: a desk agent refuses times in the future of its own clock."""
MOST: Final = 16
"""Places that one case may have."""


class DeskPictures:
    """Gives places for pictures and checks what arrives. Methods that are not coroutines block."""

    def __init__(
        self, store: Store, book: CaseWorkflow, search: Search, roster: Roster, config: CasesConfig, now_ms: NowMs
    ) -> None:
        """Raises StartError if `desk_ca_file` cannot be used."""
        self._store = store
        self._book = book
        self._search = search
        self._roster = roster
        self._config = config
        self._attested = None if config.desk_ca_file is None else _authority(config.desk_ca_file)
        self._now_ms = now_ms

    @property
    def is_set_up(self) -> bool:
        """True if a desk agent is configured."""
        return bool(self._config.desk)

    def is_desk(self, row_key: str, camera_id: str) -> bool:
        """True if an observation is of the desk's camera."""
        return f"{ids.agent_of(row_key)}/{camera_id}" == self._config.desk

    def place(self, number: str, *, asker: Identity, sight: Scope) -> PictureView:
        """Gives a place for one more picture.

        Raises:
            DeskMissingError: no desk agent is named, or its certificate was revoked.
            CaseStateError: the case has ended, or has `MOST` places.
            UnknownCaseError, StoreUnavailableError: see `CaseWorkflow`.
        """
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            agent_id, camera_id = self._desk()
            there = session.scalars(select(CasePictureRecord).where(CasePictureRecord.number == number)).all()
            if self._book.state(record) in ENDED or len(there) >= MOST:
                raise CaseStateError
            at_ms = (self._now_ms() - BEHIND_MS) // 1000 * 1000
            while session.get(CasePictureRecord, _row_key(agent_id, camera_id, at_ms)) is not None:
                at_ms -= 1000
            picture = CasePictureRecord(
                row_key=_row_key(agent_id, camera_id, at_ms),
                number=number,
                started_at_ms=at_ms,
                actor=asker.actor[:64],
                at_ms=self._now_ms(),
            )
            session.add(picture)
            self._book.note(session, record, "picture", asker.actor, row_key=picture.row_key)
        return self._view(picture, None)

    async def arrived(self, places: tuple[CasePictureRecord, ...]) -> PictureList:
        """Returns the pictures at these places: if the archive has each, and the machines found in it.

        Raises:
            QueryError: the archive does not answer.
        """
        return PictureList(items=tuple([self._view(place, await self._row(place.row_key)) for place in places]))

    def places(self, number: str, *, asker: Identity, sight: Scope) -> tuple[CasePictureRecord, ...]:
        """Returns all places of a case, newest first, and audits that the archive will be asked for them.

        Raises:
            UnknownCaseError, StoreUnavailableError: see `CaseWorkflow`.
        """
        table = CasePictureRecord
        newest = select(table).where(table.number == number).order_by(table.at_ms.desc(), table.row_key)
        with self._store.transaction() as session:
            locked(session)
            record, _area = self._book.seen(session, number, sight)
            places = tuple(session.scalars(newest))
            if places:
                keys = [place.row_key for place in places]
                self._book.note(session, record, "pictures", asker.actor, row_keys=keys)
            return places

    def check(self, number: str, row_key: str) -> None:
        """Checks that an observation of the desk was brought for this case.

        Raises:
            ForeignPictureError: it was not.
            DeskMissingError: the desk agent's certificate was revoked.
            StoreUnavailableError: the database does not work.
        """
        self._desk()
        with self._store.transaction() as session:
            place = session.get(CasePictureRecord, row_key)
            if place is None or place.number != number:
                raise ForeignPictureError(row_key=row_key)

    async def check_signed(self, number: str, row: SnapshotRow) -> str:
        """Checks that the desk agent signed row and picture; returns and stores the SHA-256 of its certificate.

        Raises:
            UnsignedPictureError, ForgedPictureError: they are not.
            NoPictureError, PictureBrokenError: there is no picture to compare with.
            StoreUnavailableError: the database does not work.
            QueryError: the archive does not answer.
        """
        jpeg = await self._search.exported(row.row_key)
        if hashlib.sha256(jpeg).hexdigest() != row.picture_sha256:
            raise ForgedPictureError(row_key=row.row_key, cause="the picture has another hash than its row")
        return await asyncio.to_thread(self._check_row, number, row)

    def _check_row(self, number: str, row: SnapshotRow) -> str:
        signature = row.signature
        if signature is None or self._attested is None:
            raise UnsignedPictureError(row_key=row.row_key)
        agent_id = ids.agent_of(row.row_key)
        with self._store.transaction() as session:
            place = session.get(CasePictureRecord, row.row_key)
            if place is None or place.number != number:
                raise ForeignPictureError(row_key=row.row_key)
            try:
                place.certificate_sha256 = self._attested.check(
                    statement.of_row(row),
                    signature,
                    agent_id=agent_id,
                    first_ms=place.started_at_ms,
                    last_ms=row.received_at_ms,
                )
            except AttestError as error:
                raise ForgedPictureError(row_key=row.row_key, cause=str(error)) from error
            place.signature = signature.model_dump_json()
            return place.certificate_sha256

    def _desk(self) -> tuple[str, str]:
        agent_id, _, camera_id = self._config.desk.partition("/")
        if not agent_id or self._roster.revoked(agent_id):
            raise DeskMissingError
        return agent_id, camera_id

    async def _row(self, row_key: str) -> Observation | None:
        try:
            return await self._search.archived(row_key)
        except UnknownObservationError:
            return None

    def _view(self, place: CasePictureRecord, row: Observation | None) -> PictureView:
        camera_id = self._config.desk.partition("/")[2]
        started = _local(place.started_at_ms)
        door = f" --server {self._config.desk_address} --ca desk.crt --token-file desk.token"
        where = door if self._config.desk_address else " --config agent.toml"
        kept = row is not None and row.snapshot.picture is PictureState.KEPT
        return PictureView(
            row_key=place.row_key,
            camera_id=camera_id,
            started_at_ms=place.started_at_ms,
            command=f"wayside-edge ingest FILE --camera {camera_id} --started-at {started}{where}",
            arrived=row is not None,
            certificate_sha256=place.certificate_sha256,
            machines=machines_of(row) if row is not None and kept else (),
        )


def machines_of(row: Observation) -> tuple[CaseMachine, ...]:
    """Returns the machines of an observation, as a case keeps them."""
    return tuple(
        CaseMachine(
            row_key=machine.row_key,
            index=machine.index,
            agent_id=row.snapshot.agent_id,
            camera_id=machine.camera_id,
            captured_at_ms=machine.captured_at_ms,
            cls=machine.cls,
            colour=machine.colour,
            box=machine.box,
        )
        for machine in row.machines
    )


def _authority(path: Path) -> Attested:
    try:
        return Attested.load(path)
    except AttestError as error:
        raise StartError(
            what=f"[cases] desk_ca_file: {error}",
            what_to_do="Copy agents.crt from provisioning's home there, or correct desk_ca_file",
        ) from error


def _row_key(agent_id: str, camera_id: str, at_ms: int) -> str:
    return ids.row_key(agent_id, ids.observation_id(camera_id, at_ms, SOURCE_KEY))


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZONE).isoformat(timespec="seconds")
