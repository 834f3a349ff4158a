"""Store which districts want a second account for rules, and the tactics that a district shares."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, empty; no district wants a second account yet."""
    op.add_column("districts", sa.Column("second_account", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "alarm_tactics",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "district_id",
            sa.String(63),
            sa.ForeignKey("districts.district_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.UniqueConstraint("district_id", "name"),
    )


def downgrade() -> None:
    """Drop the table and the column."""
    op.drop_table("alarm_tactics")
    op.drop_column("districts", "second_account")
