"""Store which months of the assessment were delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty: of the months before, the last closed one is delivered."""
    op.create_table(
        "assessment_feed",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("delivered_at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; the last closed month is then delivered again."""
    op.drop_table("assessment_feed")
