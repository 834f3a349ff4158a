"""Faults that a doctor reports, by the names under which the run-book explains them.

`wayside-edge doctor` checks a box, `wayside-provision doctor` the centre.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """A fault. docs/operations.md has a row for each."""

    CONFIGURATION_INVALID = "configuration_invalid"
    """The configuration file is missing, or invalid."""
    CONFIGURATION_UNSIGNED = "configuration_unsigned"
    """A sealed document is not signed by the seal trusted here, or the seal's key is missing."""
    CONFIGURATION_OLD = "configuration_old"
    """An agent's configuration is older than the newest one that the centre published for it."""
    CLOCK_OFF = "clock_off"
    KEY_READABLE = "key_readable"
    """A secret's mode gives other accounts more rights than intended."""
    CERTIFICATE_MISSING = "certificate_missing"
    """No certificate and key that belong together can be read."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_ENDS_SOON = "certificate_ends_soon"
    """Its automatic renewal did not happen."""
    CERTIFICATE_NOT_OURS = "certificate_not_ours"
    """Issued for another name, or signed by an authority that is not trusted."""
    REVOCATIONS_END = "revocations_end"
    """A revocation list ends soon or has ended: past its end no client can connect."""
    BROKER_UNREACHABLE = "broker_unreachable"
    BROKER_REFUSES = "broker_refuses"
    BROKER_WRONG_AUTHORITY = "broker_wrong_authority"
    """The server at the broker's address has no certificate of the authority trusted here, or one for another name."""
    BROKER_MISCONFIGURED = "broker_misconfigured"
    """The broker's files differ from a rendering made today."""
    ENROLMENT_UNREACHABLE = "enrolment_unreachable"
    ENROLMENT_WRONG_AUTHORITY = "enrolment_wrong_authority"
    DISK_NEARLY_FULL = "disk_nearly_full"
    SPOOL_GROWING = "spool_growing"
    """Pictures wait for the archive longer than with a healthy archive."""
    SPOOL_UNUSABLE = "spool_unusable"
    MODEL_MISSING = "model_missing"
    MODEL_WRONG = "model_wrong"
    """A model file differs from its manifest."""
    PORT_TAKEN = "port_taken"
    CAMERA_UNREACHABLE = "camera_unreachable"
    CAMERA_WRONG_PASSWORD = "camera_wrong_password"  # noqa: S105 - a name
    CAMERA_NO_PICTURE = "camera_no_picture"
    """The camera answers and gives no video, or it lacks the requested stream."""
    AGENT_NOT_ENROLLED = "agent_not_enrolled"
    """Its code expired before a box used it."""
    AGENT_SILENT = "agent_silent"
    """An enrolled agent sends no heartbeat: it does not run, or is cut off from the broker."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of one check. `fault` is None if nothing is wrong, or nothing can be said yet."""

    where: str
    found: str
    fault: Fault | None = None
    remedy: str = ""
    """Advice for the operator; never empty beside a fault."""

    def plain(self) -> dict[str, str | None]:
        """Returns the fields of the JSON output."""
        return {"where": self.where, "fault": self.fault, "found": self.found, "remedy": self.remedy}

    def line(self) -> str:
        """Formats the result for the terminal."""
        if self.fault is None:
            return f"ok    {self.where}: {self.found}"
        return f"FAULT {self.fault} {self.where}: {self.found}\n      {self.remedy}"


def is_nearly_full(total_bytes: int, free_bytes: int) -> bool:
    """True with less than a twentieth of a disk free, or less than 1 GiB of a large one, beside the spool's reserve."""
    return free_bytes < 16 * 1024**2 + min(total_bytes // 20, 1024**3)
