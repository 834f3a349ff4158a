"""The section [updates] of an agent's configuration."""

from pathlib import Path

from provisioning.contracts.section import ResolvedPath, Section


class Updates(Section):
    """How an agent that `install.sh` installed takes new software from afar (docs/rollouts.md)."""

    directory: ResolvedPath
    """Archives are fetched into it, and asked for in it; the agent's own."""
    installed_dir: ResolvedPath = Path("/opt/wayside")
    """Root's: the two folders, and what became of the last request."""
    release_key_file: ResolvedPath = Path("/etc/wayside/release.pub")
    """Whose releases are taken: what `install.sh` trusts."""
