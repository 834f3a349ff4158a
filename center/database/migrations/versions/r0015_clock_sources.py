"""Store with each hour the sources that showed the camera's clock."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of the hours before, the sources are not known."""
    op.add_column("assessment_hours", sa.Column("clock_sources", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the column; what it held is lost."""
    op.drop_column("assessment_hours", "clock_sources")
