"""The state of the pipeline's stages, minute by minute."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of minutes."""
    op.create_table(
        "pipeline_minutes",
        sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("points", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the table of minutes."""
    op.drop_table("pipeline_minutes")
