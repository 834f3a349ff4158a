"""Stores districts (name, cameras, what the assessment checks), and the grants that are bound to them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Boolean, ForeignKey, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.access.errors import (
    DistrictAssessedError,
    DistrictInUseError,
    DistrictNamedError,
    DistrictTakenError,
    UnknownDistrictError,
)
from center.access.permissions import Access, CameraKey, District, Grant, Permission, Role
from center.audit.log import Audit
from center.database.store import Base, Store

DISTRICT_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"
MAX_CAMERAS = 2000
"""Most cameras that one district may hold."""


class DistrictRecord(Base):
    """A district; `region` and `outline` are None where the assessment does not use it (`assessment.districts`)."""

    __tablename__ = "districts"

    district_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    """Unique among districts, except for those that had equal names before revision 0014."""
    region: Mapped[str | None] = mapped_column(String(8))
    """First digits of the GB/T 28181 codes of its cameras; empty: not checked."""
    outline: Mapped[str | None] = mapped_column(Text)
    """JSON, [[longitude, latitude], …] in WGS 84; empty list: not checked."""
    second_account: Mapped[bool] = mapped_column(Boolean, default=False)
    """True: a version of a rule for its cameras is switched on by another account than its author's."""


class DistrictCamera(Base):
    """A camera in a district; it may be in several, and need not have reported yet."""

    __tablename__ = "district_cameras"

    district_id: Mapped[str] = mapped_column(ForeignKey("districts.district_id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class GrantRecord(Base):
    """One role of one account (`center.access.permissions.Grant`)."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    district_id: Mapped[str | None] = mapped_column(ForeignKey("districts.district_id"), index=True)
    case_id: Mapped[str | None] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class NamedDistrict:
    """A district as API and console show it."""

    district_id: str
    name: str
    cameras: tuple[CameraKey, ...]
    second_account: bool = False
    """True: a version of a rule for its cameras is switched on by another account than its author's."""


def cameras_of(session: Session, district_ids: Collection[str]) -> dict[str, District]:
    """Reads districts with their cameras, by id; an id without a district gives one without cameras."""
    cameras: dict[str, set[CameraKey]] = {district_id: set() for district_id in district_ids}
    if cameras:
        found = select(DistrictCamera.district_id, DistrictCamera.agent_id, DistrictCamera.camera_id)
        for row in session.execute(found.where(DistrictCamera.district_id.in_(cameras))):
            cameras[row.district_id].add(CameraKey(row.agent_id, row.camera_id))
    return {district_id: District(district_id, frozenset(keys)) for district_id, keys in cameras.items()}


def want_second_account(session: Session, cameras: Collection[CameraKey]) -> bool:
    """True if a district of one of these cameras wants a second account; without cameras, if any district does."""
    wanting = select(DistrictRecord.district_id).where(DistrictRecord.second_account)
    if not cameras:
        return session.scalar(wanting.limit(1)) is not None
    districts = cameras_of(session, session.scalars(wanting).all()).values()
    return any(not district.cameras.isdisjoint(cameras) for district in districts)


def id_of(name: str) -> str:
    """Derives an id for a district that is entered by its name alone."""
    return f"d-{sha256(name.encode()).hexdigest()[:16]}"


def named(session: Session, name: str) -> DistrictRecord | None:
    """Finds the district of a name; of several from before revision 0014 the one that is assessed, else the first."""
    table = DistrictRecord
    found = select(table).where(table.name == name).order_by(table.region.is_(None), table.district_id).limit(1)
    return session.scalar(found)


class Districts:
    """Reads and writes districts. Blocks: call it from a worker thread. `actor` is the user that the audit names.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, audit: Audit) -> None:
        self._store = store
        self._audit = audit

    def all(self) -> tuple[NamedDistrict, ...]:
        """Lists the districts by id."""
        with self._store.transaction() as session:
            records = session.scalars(select(DistrictRecord).order_by(DistrictRecord.district_id)).all()
            cameras = cameras_of(session, [record.district_id for record in records])
            return tuple(_named(record, cameras[record.district_id]) for record in records)

    def get(self, district_id: str) -> NamedDistrict:
        """Reads one district.

        Raises:
            UnknownDistrictError: no district has this id.
        """
        with self._store.transaction() as session:
            record = _existing(session, district_id)
            return _named(record, cameras_of(session, {district_id})[district_id])

    def create(self, district_id: str, name: str, *, actor: str) -> NamedDistrict:
        """Adds a district without cameras.

        Raises:
            DistrictTakenError, DistrictNamedError: a district has this id, or this name.
        """
        with self._store.transaction() as session:
            self._audit.add(session, actor, "district.create", {"district_id": district_id, "name": name})
            if session.get(DistrictRecord, district_id) is not None:
                raise DistrictTakenError(district_id=district_id)
            if (other := named(session, name)) is not None:
                raise DistrictNamedError(name=name, district_id=other.district_id)
            session.add(DistrictRecord(district_id=district_id, name=name))
        return NamedDistrict(district_id, name, ())

    def set_cameras(self, district_id: str, cameras: Iterable[CameraKey], *, actor: str) -> NamedDistrict:
        """Replaces the cameras of a district.

        Raises:
            UnknownDistrictError: no district has this id.
        """
        wanted = set(cameras)
        with self._store.transaction() as session:
            # Read under the audit's lock, so that two changes at once each log correctly what they changed.
            self._audit.add(session, actor, "district.cameras", {"district_id": district_id, "cameras": len(wanted)})
            _existing(session, district_id)
            before = cameras_of(session, {district_id})[district_id].cameras
            for key in sorted(before ^ wanted):
                came = key in wanted
                about = {"district_id": district_id, "agent_id": key.agent_id, "camera_id": key.camera_id}
                self._audit.add(session, actor, f"district.camera.{'added' if came else 'removed'}", about)
                if came:
                    session.add(DistrictCamera(**about))
                else:
                    session.execute(delete(DistrictCamera).filter_by(**about))
        return self.get(district_id)

    def want_second_account(self, district_id: str, *, wanted: bool, actor: str) -> NamedDistrict:
        """Sets whether rules of the district are switched on by a second account.

        Raises:
            UnknownDistrictError: no district has this id.
        """
        with self._store.transaction() as session:
            self._audit.add(
                session, actor, "district.second_account", {"district_id": district_id, "second_account": wanted}
            )
            _existing(session, district_id).second_account = wanted
        return self.get(district_id)

    def remove(self, district_id: str, *, actor: str) -> None:
        """Deletes a district.

        Raises:
            UnknownDistrictError: no district has this id.
            DistrictInUseError: an account has a grant in it.
            DistrictAssessedError: the assessment checks cameras against it.
        """
        with self._store.transaction() as session:
            self._audit.add(session, actor, "district.remove", {"district_id": district_id})
            record = _existing(session, district_id)
            if session.scalar(select(GrantRecord.id).where(GrantRecord.district_id == district_id).limit(1)):
                raise DistrictInUseError(district_id=district_id)
            if record.region is not None:
                raise DistrictAssessedError(district_id=district_id, name=record.name)
            session.execute(delete(DistrictCamera).where(DistrictCamera.district_id == district_id))
            session.delete(record)


def _named(record: DistrictRecord, district: District) -> NamedDistrict:
    return NamedDistrict(record.district_id, record.name, tuple(sorted(district.cameras)), record.second_account)


def _existing(session: Session, district_id: str) -> DistrictRecord:
    record = session.get(DistrictRecord, district_id)
    if record is None:
        raise UnknownDistrictError(district_id=district_id)
    return record


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
