"""The tables of cases. None has a place for a picture, a vector or a person other than the users who act."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class CaseRecord(Base):
    """One case, as it stands."""

    __tablename__ = "cases"

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    terms: Mapped[str] = mapped_column(Text)
    """Terms, as JSON of `center.cases.terms.CaseTerms`."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str] = mapped_column(String(64))
    written_by: Mapped[str] = mapped_column(String(64))
    """Author of this version."""
    standing: Mapped[bool] = mapped_column(Boolean)
    """True: fresh rows that resemble the sought machine raise an alarm while the case is approved."""
    requested_by: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[str | None] = mapped_column(String(64))
    approved_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    deleted_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Time at which its derived data was deleted."""


class CaseEventRecord(Base):
    """Act on a case; kept as long as the case."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text)


class CaseMachineRecord(Base):
    """A machine of an observation with its verdict in the case: sought, candidate, confirmed, rejected.

    Derived data.
    """

    __tablename__ = "case_machines"

    number: Mapped[str] = mapped_column(ForeignKey("cases.number"), primary_key=True)
    row_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    verdict: Mapped[str] = mapped_column(String(16))
    machine: Mapped[str] = mapped_column(Text)
    """Machine, as JSON of `center.cases.views.CaseMachine`."""
    captured_at_ms: Mapped[int] = mapped_column(BigInteger)
    score: Mapped[str] = mapped_column(Text)
    """JSON of `ScoreView`; empty for a machine that no search brought."""
    rank: Mapped[int] = mapped_column(Integer)
    """Rank of a candidate, from 0."""
    actor: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)


class CasePictureRecord(Base):
    """A place for one picture that the desk agent is to bring. Derived data."""

    __tablename__ = "case_pictures"

    row_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    started_at_ms: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    certificate_sha256: Mapped[str | None] = mapped_column(String(64))
    """Hash of the desk agent's certificate, once its signature was checked; None before."""
    signature: Mapped[str | None] = mapped_column(Text)
    """JSON of `Signature`, as it was checked."""


class CaseErasureRecord(Base):
    """A picture that was brought for a case that is over: the archive is to erase it. Kept as proof that it did."""

    __tablename__ = "case_erasures"

    row_key: Mapped[str] = mapped_column(String(128), primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("cases.number"), index=True)
    wanted_at_ms: Mapped[int] = mapped_column(BigInteger)
    next_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    """Time at which the archive is asked next."""
    trouble: Mapped[str] = mapped_column(String(32))
    """Why it is not done, in one word of `erasures`; empty before the first request and once it is done."""
    done_at_ms: Mapped[int | None] = mapped_column(BigInteger)
