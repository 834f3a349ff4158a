"""Tables of maintenance orders. None has a place for a picture: photographs of cabinets are not taken."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class OrderRecord(Base):
    """One order, as it stands. Columns in `_steady_ms` are of order time (`center.orders.order_time`)."""

    __tablename__ = "maintenance_orders"
    __table_args__ = (Index("ix_maintenance_orders_month", "month", "district"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    live_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    """Place and fault while the order is live, so that a fault has one live order at most; NULL once it ended."""
    place: Mapped[str] = mapped_column(String(160), index=True)
    """`inputs.Fault.place` of the fault."""
    fault: Mapped[str] = mapped_column(String(32))
    """`inputs.Fault.code`; `hand` of an order by hand."""
    agent_id: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(64))
    camera_name: Mapped[str] = mapped_column(String(256))
    """The camera's title at the opening."""
    cause: Mapped[str] = mapped_column(Text)
    rule_id: Mapped[int | None] = mapped_column(Integer)
    district: Mapped[str] = mapped_column(String(63))
    """District by whose terms and roster it is handled; empty: none."""
    maintainer: Mapped[str] = mapped_column(String(64))
    is_key: Mapped[bool] = mapped_column(Boolean)
    terms: Mapped[str] = mapped_column(Text)
    """JSON of the `OrderTerms` in force at the opening."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    assignee: Mapped[str] = mapped_column(String(64), index=True)
    """Technician that it is assigned to, or who accepted it; empty: none."""
    month: Mapped[str] = mapped_column(String(7))
    """Month of the opening, in the archive's zone."""
    opened_at_ms: Mapped[int] = mapped_column(BigInteger)
    skew_ms: Mapped[int] = mapped_column(BigInteger)
    """Wall clock less order time at the opening: its events are counted on order time plus this."""
    due_steady_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Earliest end of a clock that runs; NULL while none does."""
    tells_steady_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """Time of the next reminder or escalation; NULL: none."""
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """By retention's latest time."""
    ended_steady_ms: Mapped[int | None] = mapped_column(BigInteger)


class OrderEventRecord(Base):
    """Event in the history of an order."""

    __tablename__ = "maintenance_order_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("maintenance_orders.id"), index=True)
    event: Mapped[str] = mapped_column(String(16))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """Time at which the centre received it."""
    told_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Time that the telephone told; NULL: not by a telephone."""
    line_ms: Mapped[int] = mapped_column(BigInteger)
    """Time that the clocks count, on the order's own line."""
    told_counts: Mapped[bool] = mapped_column(Boolean)
    """True if `line_ms` is the time that was told; else it is that of the receipt."""
    actor: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(Text)
    parts: Mapped[str] = mapped_column(Text)
    """JSON of the parts used."""
    step_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    """Id that the telephone gave the step."""


class OrderWindowRecord(Base):
    """Maintenance of the assessment that covers a visit. `window_id` NULL: not entered, or nothing of it is excused."""

    __tablename__ = "maintenance_order_windows"

    arrived_id: Mapped[int] = mapped_column(ForeignKey("maintenance_order_events.id"), primary_key=True)
    """The event of the arrival."""
    order_id: Mapped[int] = mapped_column(ForeignKey("maintenance_orders.id"), index=True)
    from_ms: Mapped[int] = mapped_column(BigInteger)
    to_ms: Mapped[int] = mapped_column(BigInteger)
    window_id: Mapped[int | None] = mapped_column(Integer)
    is_open: Mapped[bool] = mapped_column(Boolean, index=True)
    """True until the departure, or the end, is known."""


class OrderNoticeRecord(Base):
    """Notice for the notification channels, each once; `handed_at_ms` NULL: not handed over yet."""

    __tablename__ = "maintenance_order_notices"

    order_id: Mapped[int] = mapped_column(ForeignKey("maintenance_orders.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    """Number of the opening, clock and kind: `1-answer-overdue`."""
    at_ms: Mapped[int] = mapped_column(BigInteger)
    handed_at_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)


class TermsRecord(Base):
    """Terms of one district, as JSON of `OrderTerms`; of the empty district: all others."""

    __tablename__ = "maintenance_order_terms"

    district: Mapped[str] = mapped_column(String(63), primary_key=True)
    terms: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(64))
    changed_at_ms: Mapped[int] = mapped_column(BigInteger)


class DutyRosterRecord(Base):
    """Duty roster of one district, as JSON of its duties."""

    __tablename__ = "maintenance_order_rosters"

    district: Mapped[str] = mapped_column(String(63), primary_key=True)
    duties: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(64))
    changed_at_ms: Mapped[int] = mapped_column(BigInteger)


class OrderTimeRecord(Base):
    """Order time as it was last read, with the clocks of that moment. One row."""

    __tablename__ = "maintenance_order_time"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    steady_ms: Mapped[int] = mapped_column(BigInteger)
    wall_ms: Mapped[int] = mapped_column(BigInteger)
    boot_ms: Mapped[int] = mapped_column(BigInteger)
    boot_id: Mapped[str] = mapped_column(String(64))
