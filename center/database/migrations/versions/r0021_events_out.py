"""Store events on their way to receivers, how far their sources were read, and what was sent in an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, empty: the first run begins with the next commit and the next alarm."""
    op.create_table(
        "events_out_outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("receiver", sa.String(32), nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(130), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("queued_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_events_out_outbox_next", "events_out_outbox", ["receiver", "lane", "id"])
    op.create_table(
        "events_out_marks",
        sa.Column("receiver", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(160), primary_key=True),
        sa.Column("mark", sa.String(200), nullable=False),
    )
    op.create_table(
        "events_out_hours",
        sa.Column("receiver", sa.String(32), primary_key=True),
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables; what waits in them is not sent."""
    op.drop_table("events_out_hours")
    op.drop_table("events_out_marks")
    op.drop_index("ix_events_out_outbox_next", "events_out_outbox")
    op.drop_table("events_out_outbox")
