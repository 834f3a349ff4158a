"""Index the outbox by message: a message that is stuck in one channel is looked for in the others."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the rows of one message: its recipients in all channels."""
    op.create_index("ix_notify_outbox_message", "notify_outbox", ["message_id"])


def downgrade() -> None:
    """Drop it: messages are found by a scan again."""
    op.drop_index("ix_notify_outbox_message", "notify_outbox")
