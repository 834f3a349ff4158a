"""Stores searches under a name: the user's own, and those that others share inside a district.

A saved search holds filters and no results. Its purpose and case are given anew each time.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import BigInteger, ForeignKey, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.access.districts import DISTRICT_PATTERN, DistrictCamera, DistrictRecord
from center.access.errors import UnknownDistrictError
from center.access.permissions import Identity, Permission
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Base, Store, User
from center.errors import ForeignCamerasError, TooManySavedError, UnknownSavedSearchError
from center.search.filters import Filters

MAX_PER_USER: Final = 100
_ANEW: Final = frozenset({"limit", "cursor", "case_id", "purpose"})
Name = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]


class SavedSearchRecord(Base):
    """A saved search, its filters as JSON of `center.search.filters.Filters`."""

    __tablename__ = "saved_searches"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    filters: Mapped[str] = mapped_column(Text)
    last_ms: Mapped[int | None] = mapped_column(BigInteger)
    district_id: Mapped[str | None] = mapped_column(
        ForeignKey("districts.district_id", ondelete="SET NULL"), index=True
    )
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class NewSavedSearch(BaseModel):
    """A search to save. `last_ms`: the span has this length and ends at the request; `filters` have no span then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    filters: Filters
    last_ms: int | None = Field(default=None, ge=60_000, le=366 * 86_400_000)
    district_id: str | None = Field(default=None, max_length=63, pattern=DISTRICT_PATTERN)
    """Users who may search in this district see it too. None: only its owner does."""


class SavedSearch(BaseModel):
    """A saved search that the user may use."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    filters: Filters | None
    """None: saved by another version of the centre; it can only be deleted."""
    last_ms: int | None
    district_id: str | None
    owner: str
    mine: bool
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class SavedSearches:
    """Stores saved searches. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    store: Store
    audit: Audit
    now_ms: NowMs

    def of(self, identity: Identity) -> tuple[SavedSearch, ...]:
        """Lists the searches that the user may use, by name."""
        table = SavedSearchRecord
        districts = identity.access.districts(Permission.OBSERVATION_SEARCH)
        shared = table.district_id.is_not(None) if districts is None else table.district_id.in_(districts)
        wanted = (
            select(table, User.username)
            .join(User, User.id == table.user_id)
            .where(or_(table.user_id == identity.user_id, shared))
            .order_by(table.name, table.id)
        )
        with self.store.transaction() as session:
            return tuple(_shown(record, owner, identity) for record, owner in session.execute(wanted))

    def add(self, new: NewSavedSearch, identity: Identity) -> SavedSearch:
        """Saves a search.

        Raises:
            TooManySavedError: the account has as many as it may have.
            UnknownDistrictError: no such district, or the account may not search there.
            ForeignCamerasError: it is shared in a district and names cameras of others.
        """
        filters = new.filters.model_dump_json(exclude_defaults=True, exclude=set(_ANEW))
        with self.store.transaction() as session:
            about = {"name": new.name, "district_id": new.district_id}
            self.audit.add(session, identity.actor, "search.save", about)
            if new.district_id is not None:
                _check_shared(session, new.filters, new.district_id, identity)
            count = select(func.count()).where(SavedSearchRecord.user_id == identity.user_id)
            if (session.scalar(count) or 0) >= MAX_PER_USER:
                raise TooManySavedError(most=MAX_PER_USER)
            record = SavedSearchRecord(
                user_id=identity.user_id,
                name=new.name,
                filters=filters,
                last_ms=new.last_ms,
                district_id=new.district_id,
                created_at_ms=self.now_ms(),
            )
            session.add(record)
            session.flush()
            return _shown(record, identity.username, identity)

    def remove(self, search_id: int, identity: Identity) -> None:
        """Deletes a search of the user.

        Raises:
            UnknownSavedSearchError: there is none, or it is another user's.
        """
        with self.store.transaction() as session:
            self.audit.add(session, identity.actor, "search.remove", {"id": search_id})
            record = session.get(SavedSearchRecord, search_id)
            if record is None or record.user_id != identity.user_id:
                raise UnknownSavedSearchError
            session.delete(record)


def _check_shared(session: Session, filters: Filters, district_id: str, identity: Identity) -> None:
    """Checks that a shared search names only cameras of its district, so that it reveals no others."""
    districts = identity.access.districts(Permission.OBSERVATION_SEARCH)
    there = session.get(DistrictRecord, district_id) is not None
    if not there or (districts is not None and district_id not in districts):
        raise UnknownDistrictError(district_id=district_id)
    named = set(filters.camera_id)
    cameras = select(DistrictCamera.camera_id).where(DistrictCamera.district_id == district_id)
    if named - set(session.scalars(cameras)):
        raise ForeignCamerasError(district_id=district_id)


def _shown(record: SavedSearchRecord, owner: str, identity: Identity) -> SavedSearch:
    try:
        filters = Filters.model_validate_json(record.filters)
    except ValidationError:
        filters = None
    return SavedSearch(
        id=record.id,
        name=record.name,
        filters=filters,
        last_ms=record.last_ms,
        district_id=record.district_id,
        owner=owner,
        mine=record.user_id == identity.user_id,
        created_at_ms=record.created_at_ms,
    )
