"""Erases, in the archive, one picture that was brought to a desk for a case that is over."""

from pydantic import Field

from provisioning.contracts.wire.messages import Count, Message


class ErasureRequest(Message):
    """Names the picture and its case. The centre checks that the case is over and that the picture belongs to it."""

    row_key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}:[0-9a-f]{32}$")
    case: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")


class ErasureAnswer(Message):
    """Confirms that the picture and everything derived from it are gone. The row stays and says so."""

    row_key: str
    machines: Count
    """Machines that had a vector until now."""
    again: bool
    """True if the picture was erased before."""
