"""What enrolment adds to an agent's configuration: the sections [provisioning] and [updates]."""

from pathlib import Path

from pydantic import Field

from provisioning.contracts.section import Port, ResolvedPath, Section


class Updates(Section):
    """How an agent that `install.sh` installed takes new software from afar (docs/rollouts.md)."""

    directory: ResolvedPath
    """Archives are fetched into it, and asked for in it; the agent's own."""
    installed_dir: ResolvedPath = Path("/opt/wayside")
    """Root's: the two folders, and what became of the last request."""
    release_key_file: ResolvedPath = Path("/etc/wayside/release.pub")
    """Whose releases are taken: what `install.sh` trusts."""


class Provisioning(Section):
    """An enrolled agent's line to those who configure it. Written by `wayside-edge enrol`."""

    host: str
    port: Port = 8843
    """Of the enrolment service, which also renews the certificate under [broker]."""
    seal_key_file: ResolvedPath
    """Ed25519 public key in hex: whose documents are obeyed."""
    secrets_key_file: ResolvedPath
    """X25519 private key, mode 0600: camera passwords arrive and rest encrypted to it."""
    documents_dir: ResolvedPath
    """The configuration in use, the one before it, and the highest number seen."""
    probation_s: float = Field(default=60.0, gt=0, le=3600)
    """A new configuration must bring every camera that worked before back within this, or it is rolled back."""
    settle_s: float = Field(default=10.0, gt=0, le=600)
    """And keep it working for this long."""
