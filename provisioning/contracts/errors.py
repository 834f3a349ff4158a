"""Errors a reader of contracts can meet. Each says what was wrong, where, and what to do."""

from enum import StrEnum


class RejectReason(StrEnum):
    """Reason why a message cannot become a row. Travels in *rejected* and names the quarantine at the edge."""

    MALFORMED = "malformed"
    """The bytes are no snapshot message: wrong magic, impossible length, header not valid."""
    UNKNOWN_VERSION = "unknown_version"
    """Written by a contract version this reader does not know."""
    FOREIGN_AGENT = "foreign_agent"
    """The envelope names another agent than the topic it came on."""
    PICTURE_MISMATCH = "picture_mismatch"
    """The picture's hash or size is not the one the envelope states."""
    NOT_JPEG = "not_jpeg"
    """The picture cannot be decoded as a JPEG of the stated size."""
    TOO_LARGE = "too_large"
    """Over the message size limit."""
    UNPROCESSABLE = "unprocessable"
    """A stage of the cluster fails on this message alone too, by a fault of its program, and works on others."""


class ContractError(ValueError):
    """Foreign bytes or values do not follow the contracts.

    Attributes:
        reason: the verdict that goes back to the sender.
        offset: byte offset in the message where reading stopped, if known.
    """

    def __init__(self, reason: RejectReason, message: str, *, offset: int | None = None) -> None:
        where = "" if offset is None else f" (at byte {offset})"
        super().__init__(f"{message}{where}")
        self.reason = reason
        self.offset = offset


class ConfigError(ValueError):
    """A configuration file cannot be used; the text names file, key and remedy."""
