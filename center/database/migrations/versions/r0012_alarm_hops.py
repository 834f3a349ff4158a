"""Times at which an alarm's first match was selected, redacted, spooled and parsed, and the alarm was stored."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_HOPS = ("selected", "redacted", "spooled", "parsed", "stored")


def upgrade() -> None:
    """Add the columns. Older alarms have no times."""
    for hop in _HOPS:
        op.add_column("alarms", sa.Column(f"{hop}_at_ms", sa.BigInteger))


def downgrade() -> None:
    """Drop the columns of these times."""
    for hop in reversed(_HOPS):
        op.drop_column("alarms", f"{hop}_at_ms")
