"""The desk agent's signature of a picture of a case, erasures for the archive, and orders to parse tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create columns and tables. Older pictures have no signature."""
    op.add_column("case_pictures", sa.Column("certificate_sha256", sa.String(64)))
    op.add_column("case_pictures", sa.Column("signature", sa.Text))
    op.create_table(
        "case_erasures",
        sa.Column("row_key", sa.String(128), primary_key=True),
        sa.Column("number", sa.String(64), sa.ForeignKey("cases.number"), nullable=False, index=True),
        sa.Column("wanted_at_ms", sa.BigInteger, nullable=False),
        sa.Column("next_at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("trouble", sa.String(32), nullable=False),
        sa.Column("done_at_ms", sa.BigInteger),
    )
    op.create_table(
        "task_orders",
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("priority", sa.String(16)),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("issued_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop these tables and columns."""
    op.drop_table("task_orders")
    op.drop_table("case_erasures")
    op.drop_column("case_pictures", "signature")
    op.drop_column("case_pictures", "certificate_sha256")
