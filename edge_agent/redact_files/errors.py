"""Errors of `wayside-edge redact`: those that stop the command, and one that stops a single file."""

from edge_agent.errors import EdgeError


class RedactRefused(EdgeError):
    """The command cannot begin: nothing was read or written. The text says what to change."""


class NotRedacted(EdgeError):
    """One file could not be redacted, so nothing of it was written. The text completes "FILE: …"."""


class LabelsUnusable(EdgeError):
    """A label file cannot be read as one."""
