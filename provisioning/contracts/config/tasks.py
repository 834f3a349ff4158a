"""Section [tasks] of the centre's configuration: keys for commands to parse tasks."""

from provisioning.contracts.section import ResolvedPath, Section


class Tasks(Section):
    """The centre's own key for commands to desk agents, and provisioning's warrant for it (docs/pipeline.md)."""

    key_file: ResolvedPath
    """Ed25519 private key of `wayside-center task-key`, mode 0600."""
    warrant_file: ResolvedPath
    """Warrant made by `wayside-provision service warrant`: agents obey no command without it."""
