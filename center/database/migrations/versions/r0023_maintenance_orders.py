"""Store maintenance orders with their events, notices and visits, their terms and rosters, and order time."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, empty."""
    op.create_table(
        "maintenance_orders",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("live_key", sa.String(200), nullable=True, unique=True),
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("fault", sa.String(32), nullable=False),
        sa.Column("agent_id", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("camera_name", sa.String(256), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("rule_id", sa.Integer, nullable=True),
        sa.Column("district", sa.String(63), nullable=False),
        sa.Column("maintainer", sa.String(64), nullable=False),
        sa.Column("is_key", sa.Boolean, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(64), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger, nullable=False),
        sa.Column("skew_ms", sa.BigInteger, nullable=False),
        sa.Column("due_steady_ms", sa.BigInteger, nullable=True),
        sa.Column("tells_steady_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True),
        sa.Column("ended_steady_ms", sa.BigInteger, nullable=True),
    )
    for column in ("place", "state", "assignee", "tells_steady_ms"):
        op.create_index(f"ix_maintenance_orders_{column}", "maintenance_orders", [column])
    op.create_index("ix_maintenance_orders_month", "maintenance_orders", ["month", "district"])
    op.create_table(
        "maintenance_order_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("maintenance_orders.id"), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("told_at_ms", sa.BigInteger, nullable=True),
        sa.Column("line_ms", sa.BigInteger, nullable=False),
        sa.Column("told_counts", sa.Boolean, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("step_id", sa.String(36), nullable=True, unique=True),
    )
    op.create_index("ix_maintenance_order_events_order_id", "maintenance_order_events", ["order_id"])
    op.create_table(
        "maintenance_order_windows",
        sa.Column("arrived_id", sa.Integer, sa.ForeignKey("maintenance_order_events.id"), primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("maintenance_orders.id"), nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger, nullable=False),
        sa.Column("window_id", sa.Integer, nullable=True),
        sa.Column("is_open", sa.Boolean, nullable=False),
    )
    for column in ("order_id", "is_open"):
        op.create_index(f"ix_maintenance_order_windows_{column}", "maintenance_order_windows", [column])
    op.create_table(
        "maintenance_order_notices",
        sa.Column("order_id", sa.Integer, sa.ForeignKey("maintenance_orders.id"), primary_key=True),
        sa.Column("name", sa.String(48), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("handed_at_ms", sa.BigInteger, nullable=True),
    )
    op.create_index("ix_maintenance_order_notices_handed_at_ms", "maintenance_order_notices", ["handed_at_ms"])
    for name, content in (("terms", "terms"), ("rosters", "duties")):
        op.create_table(
            f"maintenance_order_{name}",
            sa.Column("district", sa.String(63), primary_key=True),
            sa.Column(content, sa.Text, nullable=False),
            sa.Column("changed_by", sa.String(64), nullable=False),
            sa.Column("changed_at_ms", sa.BigInteger, nullable=False),
        )
    op.create_table(
        "maintenance_order_time",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("steady_ms", sa.BigInteger, nullable=False),
        sa.Column("wall_ms", sa.BigInteger, nullable=False),
        sa.Column("boot_ms", sa.BigInteger, nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables with all orders."""
    for name in ("time", "rosters", "terms", "notices", "windows", "events"):
        op.drop_table(f"maintenance_order_{name}")
    op.drop_table("maintenance_orders")
