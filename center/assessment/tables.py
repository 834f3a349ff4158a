"""The tables of the assessment. Facts are written by the recorder alone, the rest by users through the API."""

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class HourRecord(Base):
    """`facts.HourFacts` of one camera and hour; beside each mask, in `*_n`, its number of minutes."""

    __tablename__ = "assessment_hours"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[int] = mapped_column(Integer, primary_key=True)
    told: Mapped[int] = mapped_column(BigInteger)
    offline: Mapped[int] = mapped_column(BigInteger)
    looked: Mapped[int] = mapped_column(BigInteger)
    abnormal: Mapped[int] = mapped_column(BigInteger)
    pictured: Mapped[int] = mapped_column(BigInteger)
    within_10s: Mapped[int] = mapped_column(BigInteger)
    within_60s: Mapped[int] = mapped_column(BigInteger)
    within_300s: Mapped[int] = mapped_column(BigInteger)
    within_3600s: Mapped[int] = mapped_column(BigInteger)
    clock_sure_ms: Mapped[int | None] = mapped_column(BigInteger)
    clock_most_ms: Mapped[int | None] = mapped_column(BigInteger)
    clock_sources: Mapped[int] = mapped_column(Integer, server_default="0")
    told_n: Mapped[int] = mapped_column(Integer)
    offline_n: Mapped[int] = mapped_column(Integer)
    looked_n: Mapped[int] = mapped_column(Integer)
    abnormal_n: Mapped[int] = mapped_column(Integer)
    pictured_n: Mapped[int] = mapped_column(Integer)
    within_10s_n: Mapped[int] = mapped_column(Integer)
    within_60s_n: Mapped[int] = mapped_column(Integer)
    within_300s_n: Mapped[int] = mapped_column(Integer)
    within_3600s_n: Mapped[int] = mapped_column(Integer)


class CauseRecord(Base):
    """Minutes of one camera and hour with one cause; most hours have none."""

    __tablename__ = "assessment_causes"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[int] = mapped_column(Integer, primary_key=True)
    cause: Mapped[str] = mapped_column(String(48), primary_key=True)
    minutes: Mapped[int] = mapped_column(BigInteger)
    minutes_n: Mapped[int] = mapped_column(Integer)


class BooksRecord(Base):
    """`facts.Books` of one camera as last reported in an hour."""

    __tablename__ = "assessment_books"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[int] = mapped_column(Integer, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    selected: Mapped[int] = mapped_column(BigInteger)
    archived: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    dropped: Mapped[int] = mapped_column(BigInteger)
    duplicates: Mapped[int] = mapped_column(BigInteger)
    in_flight: Mapped[int] = mapped_column(BigInteger)


class HeardCameraRecord(Base):
    """A camera as its agent reports it, with the first and last hour of its service."""

    __tablename__ = "assessment_cameras"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    first_hour: Mapped[int] = mapped_column(Integer)
    left_hour: Mapped[int | None] = mapped_column(Integer)
    """The hour in which its agent removed it; None while it is present."""


class RegisteredRecord(Base):
    """A camera as the office registered it: district, code, place."""

    __tablename__ = "assessment_register"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    district: Mapped[str] = mapped_column(String(64))
    gb_code: Mapped[str] = mapped_column(String(64))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)


class WindowRecord(Base):
    """Planned maintenance. Never deleted: a withdrawal keeps the user's name."""

    __tablename__ = "assessment_windows"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(8))
    district: Mapped[str] = mapped_column(String(64))
    agent_id: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(64))
    from_ms: Mapped[int] = mapped_column(BigInteger)
    to_ms: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(500))
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at_ms: Mapped[int] = mapped_column(BigInteger)
    retroactive: Mapped[bool] = mapped_column(Boolean)
    ended_by: Mapped[str] = mapped_column(String(64))
    withdrawn_by: Mapped[str] = mapped_column(String(64))
    withdrawn_at_ms: Mapped[int | None] = mapped_column(BigInteger)


class GapRecord(Base):
    """A time in which the centre itself did not watch, with the cause. The cameras' states then are unknown."""

    __tablename__ = "assessment_gaps"

    from_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    cause: Mapped[str] = mapped_column(String(24), primary_key=True)
    to_ms: Mapped[int] = mapped_column(BigInteger)


class WatchRecord(Base):
    """Time of the recorder's last tick; one row."""

    __tablename__ = "assessment_watch"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    looked_at_ms: Mapped[int] = mapped_column(BigInteger)


class SettingsRecord(Base):
    """`settings.Settings` as JSON; one row, none before a user changes a default."""

    __tablename__ = "assessment_settings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    settings: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(64))
    changed_at_ms: Mapped[int] = mapped_column(BigInteger)


class MonthRecord(Base):
    """One version of a month that is closed; never changed."""

    __tablename__ = "assessment_months"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    judged: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON of `report.Judged`, deflated: 500 cameras are 40 KB of half a megabyte."""
