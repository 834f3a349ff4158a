"""Recordings that are uploaded at a desk as a source of frames."""
