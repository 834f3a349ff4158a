"""Alembic's entry: runs on the connection that `Store.migrate` passes to it."""

from alembic import context

from center.database.store import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
