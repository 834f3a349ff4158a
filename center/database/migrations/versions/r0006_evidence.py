"""Exports of evidence, and the serial numbers of their time stamps."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of exports and of time-stamp serial numbers."""
    op.create_table(
        "evidence_exports",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("case_number", sa.String(64), nullable=False, index=True),
        sa.Column("purpose", sa.String(500), nullable=False),
        sa.Column("requester", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("asked_for", sa.Integer, nullable=False),
        sa.Column("row_keys", sa.Text, nullable=False),
        sa.Column("left_out", sa.Text, nullable=False),
        sa.Column("cause", sa.String(500), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("ends_at_ms", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "evidence_stamps",
        sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("imprint_sha256", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables; a serial number may then be given a second time, but never one below the clock."""
    for table in ("evidence_stamps", "evidence_exports"):
        op.drop_table(table)
