"""Holds the commands of `wayside-cluster`, one a file. Libraries that are slow to import are imported when needed."""
