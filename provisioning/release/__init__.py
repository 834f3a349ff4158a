"""Builds and verifies release archives."""
