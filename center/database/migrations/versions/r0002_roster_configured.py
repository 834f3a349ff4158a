"""The newest roster believed, and what became of each agent's configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add their tables."""
    op.create_table(
        "rosters",
        sa.Column("seal_key", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "configured",
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("heard_at_ms", sa.BigInteger, nullable=False),
        sa.Column("configured", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Forget both; a revoked agent counts again until the next roster comes."""
    for table in ("configured", "rosters"):
        op.drop_table(table)
