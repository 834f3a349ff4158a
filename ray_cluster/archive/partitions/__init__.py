"""Partitions of an archive: who writes the rows of an agent, and how a writer is opened."""
