"""The tables of rules and alarms. None has a place for a count of people, nor for a track."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class RuleRecord(Base):
    """A rule over all its versions."""

    __tablename__ = "alarm_rules"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    newest: Mapped[int] = mapped_column(Integer)
    on_version: Mapped[int | None] = mapped_column(Integer)
    """The version in force; None: switched off."""
    retired_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class VersionRecord(Base):
    """One version, as JSON of `RuleText`; never changed."""

    __tablename__ = "alarm_rule_versions"

    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(64))


class TacticRecord(Base):
    """A rule's text that a district shares under a name, as JSON of `RuleText`; never changed."""

    __tablename__ = "alarm_tactics"
    __table_args__ = (UniqueConstraint("district_id", "name"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("districts.district_id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(64))


class PreviewRecord(Base):
    """Preview of a version, as JSON of `PreviewView`; only the newest of a version counts."""

    __tablename__ = "alarm_previews"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    preview: Mapped[str] = mapped_column(Text)


class AlarmRecord(Base):
    """One alarm, as it stands."""

    __tablename__ = "alarms"
    __table_args__ = (Index("ix_alarms_due", "state", "escalates_at_ms"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id"), index=True)
    rule_version: Mapped[int] = mapped_column(Integer)
    rule_name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(160))
    """Key of the alarm's window: `inputs.SeenRow.place` or `inputs.Fault.place`."""
    agent_id: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(64))
    row_key: Mapped[str | None] = mapped_column(String(128))
    """Key of the first match's row; None for a fault, and for crowding, which is linked to no picture."""
    finding: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    level: Mapped[int] = mapped_column(Integer)
    quiet: Mapped[bool] = mapped_column(Boolean)
    repeats: Mapped[int] = mapped_column(Integer)
    raised_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    last_at_ms: Mapped[int] = mapped_column(BigInteger)
    escalates_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    clock: Mapped[str] = mapped_column(String(16))
    captured_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    selected_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    redacted_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    spooled_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    published_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    received_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    parsed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    committed_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    heard_at_ms: Mapped[int] = mapped_column(BigInteger)
    stored_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    sent_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class EventRecord(Base):
    """Event of an alarm, with its actor and time. Its id is the id of the event in the stream."""

    __tablename__ = "alarm_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id"), index=True)
    event: Mapped[str] = mapped_column(String(16))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(64))
    level: Mapped[int] = mapped_column(Integer)
    comment: Mapped[str] = mapped_column(Text)


class MatchRecord(Base):
    """Outcome of a match: exactly one row for a rule's version and the row or fault that it matched."""

    __tablename__ = "alarm_matches"

    subject: Mapped[str] = mapped_column(String(192), primary_key=True)
    """A row's key, a hash of it for crowding, or a fault's episode. First in the key, for looking up a batch."""
    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16))
    alarm_id: Mapped[int | None] = mapped_column(ForeignKey("alarms.id"))
    place: Mapped[str] = mapped_column(String(160))
    captured_at_ms: Mapped[int] = mapped_column(BigInteger)
    at_ms: Mapped[int] = mapped_column(BigInteger, index=True)


class NoticeRecord(Base):
    """Notice for the notification channels; `handed_at_ms` None: not handed over yet."""

    __tablename__ = "alarm_notices"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id"), index=True)
    level: Mapped[int] = mapped_column(Integer)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    handed_at_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)


class CursorRecord(Base):
    """Cursor of reconciliation: the last commit that was evaluated. A row for each partition of the archive."""

    __tablename__ = "alarm_cursor"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    commit_seq: Mapped[int] = mapped_column(BigInteger)
