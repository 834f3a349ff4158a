"""Decides which camera may detect, decode and redact, and how often."""
