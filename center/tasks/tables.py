"""The tables of orders to parse tasks, and of jobs that agents were ordered to do."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from center.database.store import Base


class TaskOrderRecord(Base):
    """The newest order to a task."""

    __tablename__ = "task_orders"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(String(16))
    priority: Mapped[str | None] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    issued_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class JobRecord(Base):
    """A job, its newest order, and the last state that its agent reported: agents forget jobs a day after their end."""

    __tablename__ = "task_jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(63), index=True)
    camera_id: Mapped[str] = mapped_column(String(64))
    case_number: Mapped[str | None] = mapped_column(ForeignKey("cases.number"), index=True)
    """Case that it is ordered for; None: for none."""
    purpose: Mapped[str] = mapped_column(String(200))
    work: Mapped[str] = mapped_column(Text)
    """Work, as JSON of `contracts.fleet.commands.Work`."""
    asker: Mapped[str] = mapped_column(String(64))
    asked_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    lapses_at_ms: Mapped[int] = mapped_column(BigInteger)
    """Time from which an order that no agent took is not sent again."""
    phase: Mapped[str] = mapped_column(String(16))
    """Phase of the job, a word of `center.tasks.job_views.TaskJobPhase`."""
    reported: Mapped[str] = mapped_column(Text)
    """JSON of `contracts.fleet.commands.JobState`; empty before the first report."""
    ended_at_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    verb: Mapped[str] = mapped_column(String(16))
    """Verb of the newest order."""
    priority: Mapped[str | None] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    """User of the newest order."""
    ordered_at_ms: Mapped[int] = mapped_column(BigInteger)
    """Time at which the newest order was given."""
    sent_at_ms: Mapped[int | None] = mapped_column(BigInteger)
    """Time at which the newest order was sent last; None: it was not sent yet."""
    number: Mapped[int] = mapped_column(BigInteger)
    """Number of the command that was sent last about this job; 0 before the first."""
    answer: Mapped[str] = mapped_column(Text)
    """JSON of `contracts.fleet.commands.CommandWord`, the agent's answer to the newest order; empty before it."""
