"""Errors of the agent. Each says what, where and what to do; none ever holds a URL or a secret."""

from enum import StrEnum

from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.wire.messages import CodedCause


class DropReason(StrEnum):
    """The reason a selected picture will never reach the archive. Each is counted per camera under this name."""

    REDACTION_UNAVAILABLE = "redaction_unavailable"
    """No model, an inference error, a picture that cannot be encoded: nothing leaves that was not redacted."""
    REDACTION_TIMEOUT = "redaction_timeout"
    """The redactor took longer than `redactor.timeout_s`."""
    SECOND_LOOK = "second_look"
    """A face was found again in the encoded picture, after three more covers."""
    REDACTOR_BUSY = "redactor_busy"
    """The camera's share of the redaction queue overflowed; the oldest went (policy `drop_oldest`)."""
    SPOOL_FULL = "spool_full"
    """The spool reached `spool.max_bytes`; the oldest went (policy `drop_oldest`)."""
    SPOOL_EXPIRED = "spool_expired"
    """Not confirmed within `spool.max_age_h`."""
    DISK_FULL = "disk_full"
    """The disk under the spool had no room for it (policy `drop_newest`)."""
    INTERRUPTED = "interrupted"
    """The agent died or was stopped between selection and spool."""
    DUPLICATE = "duplicate"
    """Seen before: a replay started again. It was redacted and counted the first time."""
    PAUSED = "paused"
    """The camera was paused while the picture waited."""
    TOO_LARGE = "too_large"
    """The message would exceed the contract's size limit."""
    UNSIGNED = "unsigned"
    """Brought to a desk, and the agent's certificate or key could not be read to sign it with."""


class EdgeError(Exception):
    """Base of every error of the agent."""


class UpdateRefused(EdgeError):
    """The agent's software is not changed as ordered; what runs goes on.

    Attributes:
        reason: the cause, in code.
    """

    def __init__(self, reason: CodedCause) -> None:
        super().__init__(english(reason))
        self.reason = reason


class RedactionUnavailable(EdgeError):
    """This picture could not be made safe, so it goes nowhere.

    Attributes:
        drop: the name under which it is counted.
        reason: the cause, in code.
    """

    def __init__(self, drop: DropReason, reason: CodedCause) -> None:
        super().__init__(english(reason))
        self.drop = drop
        self.reason = reason


class SourceError(EdgeError):
    """A camera cannot deliver. The camera loop tries again after a wait.

    Attributes:
        cause: short word for health and metrics.
        reason: the cause with its remedy, in code.
    """

    cause = "failed"

    def __init__(self, camera_id: str, reason: CodedCause) -> None:
        super().__init__(f"camera {camera_id}: {english(reason)}")
        self.camera_id = camera_id
        self.reason = reason


class Unreachable(SourceError):
    """No connection: wrong address, port refused, or nothing answers."""

    cause = "unreachable"


class NoAnswer(SourceError):
    """The camera takes the connection and says nothing more."""

    cause = "no_answer"


class TransportRefused(SourceError):
    """The camera answered with another transport than the one that was requested."""

    cause = "transport_refused"


class WrongCredentials(SourceError):
    """The camera answered 401 or 403, or the password file cannot be used."""

    cause = "wrong_credentials"


class LoginIgnored(SourceError):
    """A device registers and does not log in as the standard has it: it ignores the challenge."""

    cause = "login_ignored"


class NotFound(SourceError):
    """The camera answered, and has no such stream; or the file to replay is not there."""

    cause = "not_found"


class NoPicture(SourceError):
    """Something answered that is no H.264 or H.265 video, or a file that is no picture within bounds."""

    cause = "no_picture"


class Stalled(SourceError):
    """The stream stopped delivering without closing."""

    cause = "stalled"


class NoKeyframe(Stalled):
    """The stream goes on without a complete keyframe for long."""

    cause = "stale"


class Silent(SourceError):
    """A device that pushes pictures has not been heard for three of its keepalives."""

    cause = "silent"


class Ended(SourceError):
    """The stream closed, as a rebooting camera's does."""

    cause = "ended"


class Overrun(Ended):
    """A recording came faster than it was taken, and a part of it was lost: it goes on from there."""


class Crashed(SourceError):
    """The process that decodes this camera's stream fell, and nothing else with it."""

    cause = "crashed"


class OnvifError(EdgeError):
    """A camera's ONVIF service cannot be used.

    Attributes:
        cause: short word (`unreachable`, `no_answer`, `wrong_credentials`, `garbage`, `fault`); the same remedy each.
    """

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class SpoolError(EdgeError):
    """The spool cannot be used."""


class SpoolFull(SpoolError):
    """No room on the disk under the spool. The snapshot at hand is dropped by name; everything else goes on."""


class SpoolCorrupt(SpoolError):
    """The spool's database is damaged. It is moved aside at the next start, and a fresh one is begun."""


class SpoolLocked(SpoolError):
    """Another agent holds this spool directory."""


class IllegalMove(SpoolError):
    """The ledger's table has no such transition for an observation: a bug, not bad input."""


class BrokerError(EdgeError):
    """The broker cannot be used as configured: certificate, address or rights."""


class DocumentsError(EdgeError):
    """The folder of configuration documents, or the key that they are verified with, cannot be used."""


class ConfigurationRefused(EdgeError):
    """A configuration document cannot be taken, kept or read back. What is in use goes on."""


class EnrolmentError(EdgeError):
    """The box cannot become an agent, or the agent's certificate cannot be renewed.

    Attributes:
        cause: short word; what has the same one has the same remedy.
    """

    def __init__(self, message: str, cause: str = "unusable") -> None:
        super().__init__(message)
        self.cause = cause
