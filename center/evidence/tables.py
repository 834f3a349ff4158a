"""The tables of exports and of time stamps."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class ExportState(StrEnum):
    """State of an export. `running` changes to one of the others, and `ready` to `removed`."""

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
    """Requested row keys, as a JSON list."""
    left_out: Mapped[str] = mapped_column(Text)
    """JSON list of `manifest.LeftOut`."""
    cause: Mapped[str] = mapped_column(String(500))
    """Why it failed; empty otherwise."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Hash of the whole archive."""
    ends_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Time at which the file is removed."""


class ExportedCamera(Base):
    """A camera with a picture in an export, by which the export's viewers are decided. None before it is ready."""

    __tablename__ = "evidence_cameras"

    export_id: Mapped[str] = mapped_column(ForeignKey("evidence_exports.id"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)


class StampRecord(Base):
    """Serial number of one time stamp, stored before the stamp is signed: none is ever given twice."""

    __tablename__ = "evidence_stamps"

    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    imprint_sha256: Mapped[str] = mapped_column(String(64))
