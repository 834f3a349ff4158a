"""Keeps the audit log: a chain of hashes, its retention and its exports."""
