"""What the centre's configuration says of commanding parse tasks."""

from provisioning.contracts.section import ResolvedPath, Section


class Tasks(Section):
    """The centre's own key for commands to desk agents, and provisioning's word for it (docs/pipeline.md)."""

    key_file: ResolvedPath
    """Ed25519 private key of `wayside-center task-key`, mode 0600."""
    warrant_file: ResolvedPath
    """Of `wayside-provision service warrant`: without it no agent would obey."""
