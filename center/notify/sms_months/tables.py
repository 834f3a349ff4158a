"""Tables of the monthly account: counts by day, the carrier's files, complaints, suspensions. No number is in them."""

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class SmsDayRecord(Base):
    """Counts of one channel's template on one day. All but `messages` are parts, as the carrier bills them."""

    __tablename__ = "notify_sms_days"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """In the contract's time zone, as `2026-11-24`."""
    template: Mapped[str] = mapped_column(String(64), primary_key=True)
    messages: Mapped[int] = mapped_column(Integer)
    """Messages handed over, each attempt for itself."""
    submitted: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    unknown: Mapped[int] = mapped_column(Integer)
    delivered: Mapped[int] = mapped_column(Integer)
    failed: Mapped[int] = mapped_column(Integer)


class StatementRecord(Base):
    """The carrier's file of one month, its newest; `rows` is JSON of `center.notify.sms_months.statement`."""

    __tablename__ = "notify_sms_statements"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    taken_at_ms: Mapped[int] = mapped_column(BigInteger)
    taken_by: Mapped[str] = mapped_column(String(160))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[str] = mapped_column(Text)


class ComplaintRecord(Base):
    """A complaint about a channel's messages. `recipient` is a name of the white list, empty for any other number."""

    __tablename__ = "notify_complaints"
    __table_args__ = (Index("ix_notify_complaints_channel", "channel", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(32))
    made_at_ms: Mapped[int] = mapped_column(BigInteger)
    entered_at_ms: Mapped[int] = mapped_column(BigInteger)
    entered_by: Mapped[str] = mapped_column(String(160))
    source: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(32))
    reference: Mapped[str] = mapped_column(String(40))
    """The carrier's number of the complaint, empty where there is none."""


class SuspensionRecord(Base):
    """A suspension of a channel, in force until it is lifted."""

    __tablename__ = "notify_suspensions"
    __table_args__ = (Index("ix_notify_suspensions_channel", "channel", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(32))
    since_ms: Mapped[int] = mapped_column(BigInteger)
    complaint_id: Mapped[int] = mapped_column(Integer)
    """Newest complaint when it was lifted, or began: later ones alone count for the next suspension."""
    lifted_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    lifted_by: Mapped[str] = mapped_column(String(160), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
