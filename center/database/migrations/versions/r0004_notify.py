"""The outbox of notifications, the used part of the quota, and the rate of each channel."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the outbox, quotas and rates."""
    op.create_table(
        "notify_outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("parcel_id", sa.String(32), nullable=False, unique=True),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("possible", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(48), nullable=False),
        sa.Column("reference", sa.String(48), nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
    )
    op.create_index("ix_notify_outbox_due", "notify_outbox", ["channel", "state", "due_ms"])
    op.create_index("ix_notify_outbox_reference", "notify_outbox", ["channel", "reference"])
    op.create_index("ix_notify_outbox_changed", "notify_outbox", ["state", "changed_ms"])
    op.create_table(
        "notify_quota",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("told", sa.String(16), nullable=False),
    )
    op.create_table(
        "notify_pace",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("next_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "notify_reports",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("reference", sa.String(48), primary_key=True),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.Column("code", sa.String(48), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )


def downgrade() -> None:
    """Drop the tables; waiting messages are not sent."""
    for table in ("notify_reports", "notify_pace", "notify_quota", "notify_outbox"):
        op.drop_table(table)
