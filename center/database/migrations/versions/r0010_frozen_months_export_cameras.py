"""Months as they were published, and the cameras of each export."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables. Older exports name no camera: only accounts that see every camera see them."""
    op.create_table(
        "assessment_months",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("judged", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "evidence_cameras",
        sa.Column("export_id", sa.String(32), sa.ForeignKey("evidence_exports.id"), primary_key=True),
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
    )


def downgrade() -> None:
    """Drop both tables; months are then assessed anew each time."""
    for table in ("evidence_cameras", "assessment_months"):
        op.drop_table(table)
