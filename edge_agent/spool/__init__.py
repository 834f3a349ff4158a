"""Snapshots on disk from redaction until the archive confirms them, and the ledger of every count."""
