"""Tables of the outbox. No number, address or key is in them: recipients are names of the configuration."""

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class OutboxRecord(Base):
    """One message to one recipient; `message` is JSON of `center.notify.message.Message`."""

    __tablename__ = "notify_outbox"
    __table_args__ = (
        Index("ix_notify_outbox_due", "channel", "state", "due_ms"),
        Index("ix_notify_outbox_reference", "channel", "reference"),
        Index("ix_notify_outbox_changed", "state", "changed_ms"),
        Index("ix_notify_outbox_message", "message_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    parcel_id: Mapped[str] = mapped_column(String(32), unique=True)
    message_id: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(32))
    recipient: Mapped[str] = mapped_column(String(32))
    message: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    possible: Mapped[int] = mapped_column(Integer, default=0)
    created_ms: Mapped[int] = mapped_column(BigInteger)
    due_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int] = mapped_column(BigInteger)
    changed_ms: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(48), default="")
    reference: Mapped[str] = mapped_column(String(48), default="")
    parts: Mapped[int] = mapped_column(Integer, default=0)
    """Parts counted for the attempt that is under way."""
    month: Mapped[str] = mapped_column(String(7), default="")
    """Month in which the parts were counted."""
    day: Mapped[str] = mapped_column(String(10), default="")
    """Day on which the last attempt of an SMS counts; empty for other channels, and before the first attempt."""
    template: Mapped[str] = mapped_column(String(64), default="")
    """The carrier's template of that attempt."""


class QuotaRecord(Base):
    """Parts that a channel used in a month."""

    __tablename__ = "notify_quota"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    parts: Mapped[int] = mapped_column(Integer)
    told: Mapped[str] = mapped_column(String(16), default="ok")
    """The last state of the quota that was audited."""


class PaceRecord(Base):
    """Pace of a channel: the state of its rate, and the time of the next message."""

    __tablename__ = "notify_pace"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    since_ms: Mapped[int] = mapped_column(BigInteger)
    next_at_ms: Mapped[int] = mapped_column(BigInteger)


class ReportRecord(Base):
    """A delivery report that came before the answer it belongs to."""

    __tablename__ = "notify_reports"

    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(48), primary_key=True)
    delivered: Mapped[bool] = mapped_column(Boolean)
    code: Mapped[str] = mapped_column(String(48))
    at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
