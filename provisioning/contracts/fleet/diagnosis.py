"""Results of checks: those of a doctor, by the names under which the run-book explains them, and of a comparison.

`wayside-edge doctor` finds the faults of a box, `wayside-provision doctor` those of the centre. `wayside-edge check`,
`wayside-provision broker check` and `cluster check` compare what is there with what is configured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from provisioning.contracts.wire.messages import CodedCause

_MIB: Final = 1024**2


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
    CAMERA_PICTURE_FAULTY = "camera_picture_faulty"
    """A picture check of the running agent is over its threshold; the check is the first word of what was found."""
    CAMERA_CLOCK_OFF = "camera_clock_off"
    """The camera's clock is over two seconds off, by the running agent's measurement."""
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
    reason: CodedCause | None = None
    """A camera's cause, for the reader's language."""

    def plain(self) -> dict[str, str | None]:
        """Returns the fields of the JSON output."""
        return {"where": self.where, "fault": self.fault, "found": self.found, "remedy": self.remedy}

    def line(self) -> str:
        """Formats the result for the terminal."""
        if self.fault is None:
            return f"ok    {self.where}: {self.found}"
        return f"FAULT {self.fault} {self.where}: {self.found}\n      {self.remedy}"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of comparing one thing; the detail has the remedy where it is not good."""

    what: str
    is_good: bool
    detail: str

    @classmethod
    def of(cls, what: str, check: Callable[[], str], *errors: type[Exception]) -> Self:
        """Runs a check that describes what it found, or raises one of `errors`."""
        try:
            return cls(what, is_good=True, detail=check())
        except errors as error:
            return cls(what, is_good=False, detail=str(error))

    def line(self, bad: str) -> str:
        """Formats the result for the terminal; `bad`, four letters, begins one that is not good."""
        return f"{'ok  ' if self.is_good else bad} {self.what}: {self.detail}"


def facts(found: Sequence[Diagnosis]) -> dict[str, Any]:
    """Returns a doctor's JSON output."""
    return {"healthy": not faults(found), "diagnoses": [each.plain() for each in found]}


def faults(found: Sequence[Diagnosis]) -> int:
    """Counts the results that name a fault."""
    return sum(each.fault is not None for each in found)


def last_line(found: Sequence[Diagnosis]) -> str:
    """Sums a doctor's output up."""
    number = faults(found)
    return f"faults: {number}; what each name means: docs/operations.md" if number else "nothing is wrong here"


def disk(directory: str, total_bytes: int, free_bytes: int, remedy: str) -> Diagnosis:
    """Judges the disk under a directory; `remedy` makes room on it."""
    found = f"{free_bytes // _MIB} of {total_bytes // _MIB} MiB are free under {directory}"
    if is_nearly_full(total_bytes, free_bytes):
        return Diagnosis("disk", found, Fault.DISK_NEARLY_FULL, remedy)
    return Diagnosis("disk", found)


def is_nearly_full(total_bytes: int, free_bytes: int) -> bool:
    """True with less than a twentieth of a disk free, or less than 1 GiB of a large one, beside the spool's reserve."""
    return free_bytes < 16 * _MIB + min(total_bytes // 20, 1024**3)
