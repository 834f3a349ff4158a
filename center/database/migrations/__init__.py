"""Alembic migrations of `center.database.store`, run at every start."""
