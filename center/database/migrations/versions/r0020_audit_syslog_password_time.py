"""Store how far the audit was sent to a syslog server, and when each password was set."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the cursor, empty; date each password by its newest reset in the audit, else by its account."""
    op.create_table(
        "audit_syslog",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.add_column("users", sa.Column("password_set_at_ms", sa.BigInteger, nullable=False, server_default="0"))
    users = sa.table(
        "users",
        sa.column("username", sa.String),
        sa.column("password_hash", sa.String),
        sa.column("created_at_ms", sa.BigInteger),
        sa.column("password_set_at_ms", sa.BigInteger),
    )
    audit = sa.table(
        "audit",
        sa.column("id", sa.Integer),
        sa.column("at_ms", sa.BigInteger),
        sa.column("actor", sa.String),
        sa.column("action", sa.String),
        sa.column("detail", sa.Text),
    )
    with_password = users.update().where(users.c.password_hash != "")
    connection = op.get_bind()
    connection.execute(with_password.values(password_set_at_ms=users.c.created_at_ms))
    resets = sa.select(audit.c.at_ms, audit.c.actor, audit.c.detail).where(audit.c.action == "password.reset")
    newest = {
        json.loads(row.detail).get("user", row.actor): row.at_ms
        for row in connection.execute(resets.order_by(audit.c.id))
    }
    for username, at_ms in newest.items():
        connection.execute(with_password.where(users.c.username == username).values(password_set_at_ms=at_ms))


def downgrade() -> None:
    """Drop both; a server is then sent the whole audit again."""
    op.drop_column("users", "password_set_at_ms")
    op.drop_table("audit_syslog")
