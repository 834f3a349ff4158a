"""Table of the months that were delivered."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class DeliveredMonthRecord(Base):
    """One version of a month that a receiver took."""

    __tablename__ = "assessment_feed"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(String(64))
    """Hash of the document."""
    delivered_at_ms: Mapped[int] = mapped_column(BigInteger)
