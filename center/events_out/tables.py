"""Tables of events that leave. An event is stored as it will be sent: sent again, it is the same."""

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base
from center.hour_counts import HourCountRecord


class QueuedEventRecord(Base):
    """One event on its way to one receiver."""

    __tablename__ = "events_out_outbox"
    __table_args__ = (Index("ix_events_out_outbox_next", "receiver", "lane", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    receiver: Mapped[str] = mapped_column(String(32))
    lane: Mapped[int] = mapped_column(Integer)
    """0: kept longer, and sent first; 1: observations and counts."""
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(130))
    event_id: Mapped[str] = mapped_column(String(200))
    event: Mapped[str] = mapped_column(Text)
    """JSON of the CloudEvent."""
    queued_at_ms: Mapped[int] = mapped_column(BigInteger)


class EventMarkRecord(Base):
    """Mark up to which a source was read, with an empty `receiver`; or the last event of a place for a receiver."""

    __tablename__ = "events_out_marks"

    receiver: Mapped[str] = mapped_column(String(32), primary_key=True)
    place: Mapped[str] = mapped_column(String(160), primary_key=True)
    mark: Mapped[str] = mapped_column(String(200))


class EventHourRecord(HourCountRecord):
    """Counts of an hour: events sent by kind, dropped by name."""

    __tablename__ = "events_out_hours"

    party: Mapped[str] = mapped_column("receiver", String(32), primary_key=True)
