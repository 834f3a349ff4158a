"""Alembic migrations of `center.store`, run at every start."""
