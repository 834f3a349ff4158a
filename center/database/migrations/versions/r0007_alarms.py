"""Rules with their versions and previews, alarms with their events, and how far commits were evaluated."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of rules and alarms."""
    op.create_table(
        "alarm_rules",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("on_version", sa.Integer),
        sa.Column("retired_at_ms", sa.BigInteger),
    )
    op.create_table(
        "alarm_rule_versions",
        sa.Column("rule_id", sa.Integer, sa.ForeignKey("alarm_rules.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
    )
    op.create_table(
        "alarm_previews",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("rule_id", sa.Integer, sa.ForeignKey("alarm_rules.id"), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("preview", sa.Text, nullable=False),
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("rule_id", sa.Integer, sa.ForeignKey("alarm_rules.id"), nullable=False, index=True),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("rule_name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("agent_id", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("row_key", sa.String(128)),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("quiet", sa.Boolean, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("raised_at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("last_at_ms", sa.BigInteger, nullable=False),
        sa.Column("escalates_at_ms", sa.BigInteger),
        sa.Column("clock", sa.String(16), nullable=False),
        *(
            sa.Column(f"{hop}_at_ms", sa.BigInteger, nullable=hop != "heard")
            for hop in ("captured", "published", "received", "committed", "heard", "sent")
        ),
    )
    op.create_index("ix_alarms_due", "alarms", ["state", "escalates_at_ms"])
    op.create_table(
        "alarm_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("alarm_id", sa.Integer, sa.ForeignKey("alarms.id"), nullable=False, index=True),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_table(
        "alarm_matches",
        sa.Column("subject", sa.String(192), primary_key=True),
        sa.Column("rule_id", sa.Integer, sa.ForeignKey("alarm_rules.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("alarm_id", sa.Integer, sa.ForeignKey("alarms.id")),
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("captured_at_ms", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "alarm_notices",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("alarm_id", sa.Integer, sa.ForeignKey("alarms.id"), nullable=False, index=True),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("handed_at_ms", sa.BigInteger, index=True),
    )
    op.create_table(
        "alarm_cursor",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("commit_seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables of rules and alarms."""
    for table in (
        "alarm_cursor",
        "alarm_notices",
        "alarm_matches",
        "alarm_events",
        "alarms",
        "alarm_previews",
        "alarm_rule_versions",
        "alarm_rules",
    ):
        op.drop_table(table)
