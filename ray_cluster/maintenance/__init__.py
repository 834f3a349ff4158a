"""Upkeep of the archive beside the archiver: compaction, holds, erasure, backup and checks of recall."""
