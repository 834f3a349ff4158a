"""Access: grants, districts, second factors, tokens, counts of failures; and the audit as a hash chain."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
KEEP_DAYS = 180


def upgrade() -> None:
    """Add the tables. Existing accounts were made by the set-up: each becomes an administrator."""
    _accounts()
    _audit()


def _accounts() -> None:
    op.add_column("users", sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "districts",
        sa.Column("district_id", sa.String(63), primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
    )
    op.create_table(
        "district_cameras",
        sa.Column(
            "district_id", sa.String(63), sa.ForeignKey("districts.district_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("district_id", sa.String(63), sa.ForeignKey("districts.district_id"), nullable=True, index=True),
        sa.Column("case_id", sa.String(64), nullable=True),
    )
    op.execute("INSERT INTO grants (user_id, role) SELECT id, 'administrator' FROM users")
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    )
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(16), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger, nullable=True),
        sa.Column("used_at_ms", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "oidc_logins",
        sa.Column("state_sha256", sa.String(64), primary_key=True),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(64), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "oidc_subjects",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.UniqueConstraint("issuer", "subject"),
    )
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(192), primary_key=True),
        sa.Column("last_at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("recent", sa.Text, nullable=False),
    )


def _audit() -> None:
    connection = op.get_bind()
    _drop_guards(connection.dialect.name)
    for name in ("previous", "sha256"):
        op.add_column("audit", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "audit_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pruned_to", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_heads",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
    )
    number, previous = _chain_what_is_there(connection)
    connection.execute(
        sa.text("INSERT INTO audit_state (id, number, sha256, pruned_to) VALUES (1, :number, :sha256, 0)"),
        {"number": number, "sha256": previous},
    )
    if connection.dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _chain_what_is_there(connection: sa.Connection) -> tuple[int, str]:
    """Hash the existing entries in their order. Changes made to them before this moment cannot be detected."""
    number, previous = 0, GENESIS
    page = sa.text("SELECT id, at_ms, actor, action, detail FROM audit WHERE id > :after ORDER BY id LIMIT 10000")
    while rows := connection.execute(page, {"after": number}).all():
        hashed = []
        for row in rows:
            fields = [row.id, row.at_ms, row.actor, row.action, row.detail, previous]
            text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
            sha256 = hashlib.sha256(b"wayside audit 1\0" + text.encode("ascii")).hexdigest()
            hashed.append({"id": row.id, "previous": previous, "sha256": sha256})
            number, previous = row.id, sha256
        connection.execute(sa.text("UPDATE audit SET previous = :previous, sha256 = :sha256 WHERE id = :id"), hashed)
    return number, previous


_FOLLOWS = (
    "NEW.id = (SELECT number FROM audit_state) AND NEW.previous = (SELECT sha256 FROM audit_state)"
    " AND length(NEW.sha256) = 64"
)
_KEPT = f"{KEEP_DAYS} days"


def _drop_guards(dialect: str) -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER audit_refuses_{verb}" + (" ON audit" if dialect == "postgresql" else ""))


def _guard_sqlite() -> None:
    refuse = "SELECT RAISE(ABORT, '{}')"
    young = f"OLD.at_ms > (CAST(strftime('%s', 'now', '-{_KEPT}') AS INTEGER) * 1000)"
    pruned = "(SELECT pruned_to FROM audit_state)"
    for name, event, condition, why in (
        ("audit_refuses_update", "UPDATE ON audit", "", "the audit is append-only"),
        (
            "audit_refuses_delete",
            "DELETE ON audit",
            f"WHEN OLD.id > {pruned} OR {young}",
            f"the audit is append-only, and kept {_KEPT}",
        ),
        ("audit_refuses_insert", "INSERT ON audit", f"WHEN NOT ({_FOLLOWS})", "the entry does not follow the last"),
        ("audit_heads_refuses_update", "UPDATE ON audit_heads", "", "the audit is append-only"),
        ("audit_heads_refuses_delete", "DELETE ON audit_heads", "", "the audit is append-only"),
        ("audit_state_refuses_delete", "DELETE ON audit_state", "", "the audit is append-only"),
        (
            "audit_state_refuses_update",
            "UPDATE ON audit_state",
            "WHEN NEW.number < OLD.number OR NEW.pruned_to < OLD.pruned_to",
            "the audit only grows",
        ),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} {condition} BEGIN {refuse.format(why)}; END")


def _guard_postgresql() -> None:
    op.execute("ALTER TABLE audit ALTER COLUMN previous DROP DEFAULT, ALTER COLUMN sha256 DROP DEFAULT")
    op.execute(
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # noqa: S608 - no foreign text
        " IF OLD.id > (SELECT pruned_to FROM audit_state)"
        f" OR OLD.at_ms > extract(epoch FROM now() - interval '{_KEPT}') * 1000 THEN"
        f" RAISE EXCEPTION 'the audit is append-only, and kept {_KEPT}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE FUNCTION audit_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NOT ({_FOLLOWS}) THEN RAISE EXCEPTION 'the entry does not follow the last'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE FUNCTION audit_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.number < OLD.number OR NEW.pruned_to < OLD.pruned_to THEN"
        " RAISE EXCEPTION 'the audit only grows'; END IF; RETURN NEW; END $$"
    )
    for table, event, function in (
        ("audit", "UPDATE", "audit_refuses"),
        ("audit", "DELETE", "audit_keeps"),
        ("audit", "INSERT", "audit_follows"),
        ("audit_heads", "UPDATE", "audit_refuses"),
        ("audit_heads", "DELETE", "audit_refuses"),
        ("audit_state", "DELETE", "audit_refuses"),
        ("audit_state", "UPDATE", "audit_grows"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{event.lower()} BEFORE {event} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    for table in ("audit", "audit_heads", "audit_state"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
        )


def downgrade() -> None:
    """Refuse: going back would take the chain off the audit and make every account an administrator again."""
    raise NotImplementedError("put the backup of before back instead")
