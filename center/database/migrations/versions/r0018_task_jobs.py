"""Store the jobs that agents are ordered to do: spans of recorders, live streams more often."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of jobs."""
    op.create_table(
        "task_jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("agent_id", sa.String(63), nullable=False, index=True),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("case_number", sa.String(64), sa.ForeignKey("cases.number"), index=True),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("work", sa.Text, nullable=False),
        sa.Column("asker", sa.String(64), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("lapses_at_ms", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("reported", sa.Text, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger, index=True),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("priority", sa.String(16)),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("ordered_at_ms", sa.BigInteger, nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; the jobs are lost to the centre, their audit entries are not."""
    op.drop_table("task_jobs")
