"""What a doctor can find, by the names under which the run-book explains it.

`wayside-edge doctor` looks at a box, `wayside-provision doctor` at the centre.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong. docs/operations.md has a row for each."""

    CONFIGURATION_INVALID = "configuration_invalid"
    """The configuration file is missing, or is none."""
    CONFIGURATION_UNSIGNED = "configuration_unsigned"
    """A document from afar is not signed by the seal that is trusted here, or the seal's key is missing."""
    CONFIGURATION_OLD = "configuration_old"
    """What an agent runs on is older than what the centre has for it."""
    CLOCK_OFF = "clock_off"
    KEY_READABLE = "key_readable"
    """A secret's mode lets others do more than is meant."""
    CERTIFICATE_MISSING = "certificate_missing"
    """No certificate and key that belong together can be read."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_ENDS_SOON = "certificate_ends_soon"
    """It should have been renewed by itself, and was not."""
    CERTIFICATE_NOT_OURS = "certificate_not_ours"
    """For somebody else, or signed by an authority that is not trusted."""
    REVOCATIONS_END = "revocations_end"
    """A revocation list ends soon or has ended: past its end nobody is let in."""
    BROKER_UNREACHABLE = "broker_unreachable"
    BROKER_REFUSES = "broker_refuses"
    BROKER_WRONG_AUTHORITY = "broker_wrong_authority"
    """Who answers there has no certificate of the authority that is trusted here, or one for another name."""
    BROKER_MISCONFIGURED = "broker_misconfigured"
    """Its files are not as they would be rendered today."""
    ENROLMENT_UNREACHABLE = "enrolment_unreachable"
    ENROLMENT_WRONG_AUTHORITY = "enrolment_wrong_authority"
    DISK_NEARLY_FULL = "disk_nearly_full"
    SPOOL_GROWING = "spool_growing"
    """Pictures wait for the archive longer than an archive that is well takes."""
    SPOOL_UNUSABLE = "spool_unusable"
    MODEL_MISSING = "model_missing"
    MODEL_WRONG = "model_wrong"
    """A model file is not the one that its manifest describes."""
    PORT_TAKEN = "port_taken"
    CAMERA_UNREACHABLE = "camera_unreachable"
    CAMERA_WRONG_PASSWORD = "camera_wrong_password"  # noqa: S105 - a name
    CAMERA_NO_PICTURE = "camera_no_picture"
    """It answers and gives no video, or another stream was asked for than it has."""
    AGENT_NOT_ENROLLED = "agent_not_enrolled"
    """Its code ran out before a box came with it."""
    AGENT_SILENT = "agent_silent"
    """An enrolled agent sends no heartbeat: it does not run, or is cut off from the broker."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at. `fault` is None where nothing is wrong, or nothing can be said yet."""

    where: str
    found: str
    fault: Fault | None = None
    remedy: str = ""
    """What to do; never empty beside a fault."""

    def plain(self) -> dict[str, str | None]:
        """For programs."""
        return {"where": self.where, "fault": self.fault, "found": self.found, "remedy": self.remedy}

    def line(self) -> str:
        """For people."""
        if self.fault is None:
            return f"ok    {self.where}: {self.found}"
        return f"FAULT {self.fault} {self.where}: {self.found}\n      {self.remedy}"


def is_nearly_full(total_bytes: int, free_bytes: int) -> bool:
    """Less than a twentieth of a disk is free, or than 1 GiB of a large one, beside the spool's reserve."""
    return free_bytes < 16 * 1024**2 + min(total_bytes // 20, 1024**3)
