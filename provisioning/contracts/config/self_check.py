"""Section [self_check] of the centre's configuration: limits by which the self-check judges."""

from pydantic import Field

from provisioning.contracts.section import ResolvedPath, Section


class SelfCheck(Section):
    """Limits of the self-check."""

    dormant_days: int = Field(default=90, ge=1, le=180)
    """Days without a log-in and without a request by token after which an account is dormant. The audit tells, and it
    is kept for 180 days at least."""
    password_days: int = Field(default=365, ge=1, le=3650)
    certificate_days: int = Field(default=30, ge=1, le=365)
    """Days before its end from which a certificate is named."""
    verified_days: int = Field(default=31, ge=1, le=180)
    """Days within which the audit's chain is to be verified."""
    backup_days: int = Field(default=2, ge=1, le=180)
    """Days within which `wayside-center backup` is to be run."""
    advisories_dir: ResolvedPath | None = None
    """Folder of advisories in OSV's format, a JSON file each. None: installed packages are compared with nothing."""
    advisories_days: int = Field(default=90, ge=1, le=3650)
    """Age of the newest advisory from which on the folder is named."""
