"""Accounts, sessions, devices as last reported, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(64), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("heard_at_ms", sa.BigInteger, nullable=False),
        sa.Column("heartbeat", sa.Text, nullable=False),
    )
    op.create_table(
        "cameras",
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
        sa.Column("heard_at_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'the audit is append-only'; END $$"
        )
        refuse = "FOR EACH ROW EXECUTE FUNCTION audit_refuses()"
    for verb in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER audit_refuses_{verb.lower()} BEFORE {verb} ON audit {refuse}")


def downgrade() -> None:
    """Drop all tables; the audit goes with them."""
    for table in ("audit", "cameras", "agents", "sessions", "users"):
        op.drop_table(table)
