"""The newest roster in force, and the result of each agent's configuration."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of rosters and of configuration results."""
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
    """Drop both tables; messages of a revoked agent are taken again until the next roster comes."""
    for table in ("configured", "rosters"):
        op.drop_table(table)
