"""Cases with their events, the machines of a case, and places for pictures that a desk agent brings."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of cases."""
    op.create_table(
        "cases",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("written_by", sa.String(64), nullable=False),
        sa.Column("standing", sa.Boolean, nullable=False),
        sa.Column("requested_by", sa.String(64)),
        sa.Column("approved_by", sa.String(64)),
        sa.Column("approved_at_ms", sa.BigInteger),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger),
        sa.Column("deleted_at_ms", sa.BigInteger),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(64), sa.ForeignKey("cases.number"), nullable=False, index=True),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_table(
        "case_machines",
        sa.Column("number", sa.String(64), sa.ForeignKey("cases.number"), primary_key=True),
        sa.Column("row_key", sa.String(128), primary_key=True),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("captured_at_ms", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "case_pictures",
        sa.Column("row_key", sa.String(128), primary_key=True),
        sa.Column("number", sa.String(64), sa.ForeignKey("cases.number"), nullable=False, index=True),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables of cases."""
    for table in ("case_pictures", "case_machines", "case_events", "cases"):
        op.drop_table(table)
