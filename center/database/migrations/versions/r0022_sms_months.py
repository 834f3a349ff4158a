"""Store SMS by day and template, the carrier's files, complaints and suspensions of channels."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, empty: days before this release have no counts by day."""
    op.add_column("notify_outbox", sa.Column("day", sa.String(10), nullable=False, server_default=""))
    op.add_column("notify_outbox", sa.Column("template", sa.String(64), nullable=False, server_default=""))
    counts = ("messages", "submitted", "accepted", "unknown", "delivered", "failed")
    op.create_table(
        "notify_sms_days",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("template", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
    )
    op.create_table(
        "notify_sms_statements",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("taken_at_ms", sa.BigInteger, nullable=False),
        sa.Column("taken_by", sa.String(160), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Text, nullable=False),
    )
    op.create_table(
        "notify_complaints",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("entered_at_ms", sa.BigInteger, nullable=False),
        sa.Column("entered_by", sa.String(160), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
    )
    op.create_index("ix_notify_complaints_channel", "notify_complaints", ["channel", "id"])
    op.create_table(
        "notify_suspensions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("complaint_id", sa.Integer, nullable=False),
        sa.Column("lifted_at_ms", sa.BigInteger, nullable=True),
        sa.Column("lifted_by", sa.String(160), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
    )
    op.create_index("ix_notify_suspensions_channel", "notify_suspensions", ["channel", "id"])


def downgrade() -> None:
    """Drop the tables; a suspended channel sends again."""
    op.drop_index("ix_notify_suspensions_channel", "notify_suspensions")
    op.drop_table("notify_suspensions")
    op.drop_index("ix_notify_complaints_channel", "notify_complaints")
    op.drop_table("notify_complaints")
    op.drop_table("notify_sms_statements")
    op.drop_table("notify_sms_days")
    op.drop_column("notify_outbox", "template")
    op.drop_column("notify_outbox", "day")
