"""Keeps the packs of an archive in an S3-compatible store instead of its directory."""
