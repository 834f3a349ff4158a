"""Table of how far the syslog server has read the audit."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class SyslogCursor(Base):
    """The only row: the newest entry that the server has read. No row before the first delivery."""

    __tablename__ = "audit_syslog"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """Time of that delivery."""
