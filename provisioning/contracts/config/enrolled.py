"""Sections [provisioning] and [updates], which enrolment adds to an agent's configuration."""

from pathlib import Path

from pydantic import Field

from provisioning.contracts.section import Port, ResolvedPath, Section


class Updates(Section):
    """Software updates of an agent that `install.sh` installed (docs/rollouts.md)."""

    directory: ResolvedPath
    """The agent's own directory: archives are fetched into it, and their installation is requested in it."""
    installed_dir: ResolvedPath = Path("/opt/wayside")
    """Root's directory: the two installations, and the outcome of the last request."""
    release_key_file: ResolvedPath = Path("/etc/wayside/release.pub")
    """Public key of the accepted releases, the one that `install.sh` trusts."""


class Provisioning(Section):
    """Connection of an enrolled agent to provisioning. Written by `wayside-edge enrol`."""

    host: str
    port: Port = 8843
    """Port of the enrolment service, which also renews the certificate under [broker]."""
    seal_key_file: ResolvedPath
    """Ed25519 public key in hex: the agent obeys documents signed by this key."""
    secrets_key_file: ResolvedPath
    """X25519 private key, mode 0600: camera passwords arrive and rest encrypted to it."""
    documents_dir: ResolvedPath
    """The configuration in use, the one before it, and the highest number seen."""
    probation_s: float = Field(default=60.0, gt=0, le=3600)
    """A new configuration must bring every camera that worked before back within this, or it is rolled back."""
    settle_s: float = Field(default=10.0, gt=0, le=600)
    """Seconds for which the cameras must then keep working."""
