"""Tables of the cascade by GA/T 1400. No picture is in them: it is read from the archive when it is sent."""

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base
from center.hour_counts import HourCountRecord


class WaitingRecord(Base):
    """One observation on its way to one superior."""

    __tablename__ = "viid_cascade_outbox"
    __table_args__ = (Index("ix_viid_cascade_outbox_next", "superior", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    superior: Mapped[str] = mapped_column(String(32))
    row_key: Mapped[str] = mapped_column(String(128))
    place: Mapped[str] = mapped_column(String(128))
    """`AGENT/CAMERA`, whose observations keep their order."""
    device_id: Mapped[str] = mapped_column(String(20))
    """Code of the camera when the observation was chosen, so that its ids stay the same."""
    queued_at_ms: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer)
    """Attempts that the superior answered with a fault while it answered others well."""


class CascadeCursorRecord(Base):
    """The last commit that was read; a row for each partition of the archive."""

    __tablename__ = "viid_cascade_cursor"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    commit_seq: Mapped[int] = mapped_column(BigInteger)


class SentHourRecord(HourCountRecord):
    """Counts of an hour: objects sent by kind, observations dropped by name."""

    __tablename__ = "viid_cascade_hours"

    party: Mapped[str] = mapped_column("superior", String(32), primary_key=True)
