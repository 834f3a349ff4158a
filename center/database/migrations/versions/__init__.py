"""Holds one file per revision of the database."""
