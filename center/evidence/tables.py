"""What the database keeps: each export, and each stamp's number."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class State(StrEnum):
    """How far an export is. Only `running` changes, to one of the others; `ready` ends as `removed`."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"


class ExportRecord(Base):
    """One export. The row stays when the file goes."""

    __tablename__ = "evidence_exports"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_number: Mapped[str] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(500))
    requester: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(64))
    started_at_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16), index=True)
    asked_for: Mapped[int] = mapped_column(Integer)
    row_keys: Mapped[str] = mapped_column(Text)
    """JSON list, as asked for."""
    left_out: Mapped[str] = mapped_column(Text)
    """JSON list of `manifest.LeftOut`."""
    cause: Mapped[str] = mapped_column(String(500))
    """Why it failed; empty otherwise."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the whole archive."""
    ends_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When the file is removed."""


class ExportedCamera(Base):
    """A camera of which a picture is in an export: by these it is told who may see that. None before it is ready."""

    __tablename__ = "evidence_cameras"

    export_id: Mapped[str] = mapped_column(ForeignKey("evidence_exports.id"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class StampRecord(Base):
    """One time stamp's serial number, kept before the stamp is signed: none is ever given twice."""

    __tablename__ = "evidence_stamps"

    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    imprint_sha256: Mapped[str] = mapped_column(String(64))
