"""Defines the table of codes that were made for superiors."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class CascadeCodeRecord(Base):
    """The code of a camera or district. Never given to another, never changed, the same for every superior."""

    __tablename__ = "cascade_codes"
    __table_args__ = (UniqueConstraint("code"),)

    place: Mapped[str] = mapped_column(String(11), primary_key=True)
    """Place, industry and network digit of the own id that the code was made from."""
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """camera, district or group."""
    subject: Mapped[str] = mapped_column(String(128), primary_key=True)
    """AGENT/CAMERA, the district's id, or empty."""
    code: Mapped[str] = mapped_column(String(20))
