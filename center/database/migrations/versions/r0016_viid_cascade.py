"""Store what waits for superiors by GA/T 1400, how far the archive was read for them, and what was sent in an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, empty."""
    op.create_table(
        "viid_cascade_outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("superior", sa.String(32), nullable=False),
        sa.Column("row_key", sa.String(128), nullable=False),
        sa.Column("place", sa.String(128), nullable=False),
        sa.Column("device_id", sa.String(20), nullable=False),
        sa.Column("queued_at_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("ix_viid_cascade_outbox_next", "viid_cascade_outbox", ["superior", "id"])
    op.create_table(
        "viid_cascade_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("commit_seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "viid_cascade_hours",
        sa.Column("superior", sa.String(32), primary_key=True),
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables; what waits in them is not sent."""
    op.drop_table("viid_cascade_hours")
    op.drop_table("viid_cascade_cursor")
    op.drop_index("ix_viid_cascade_outbox_next", "viid_cascade_outbox")
    op.drop_table("viid_cascade_outbox")
