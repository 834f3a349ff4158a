"""Codes of cameras and districts that were made for superior platforms."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty: codes are made with the first catalogue."""
    op.create_table(
        "cascade_codes",
        sa.Column("place", sa.String(11), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("subject", sa.String(128), primary_key=True),
        sa.Column("code", sa.String(20), nullable=False),
        sa.UniqueConstraint("code"),
    )


def downgrade() -> None:
    """Drop the table: each superior would get other codes."""
    op.drop_table("cascade_codes")
