"""Retention time: says what is old enough to delete, so that no clock alone decides it."""
