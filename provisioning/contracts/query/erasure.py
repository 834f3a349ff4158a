"""Erasing, in the archive, one picture that was brought to a desk for a case that is over."""

from pydantic import Field

from provisioning.contracts.wire.messages import Count, Message


class ErasureRequest(Message):
    """Which, and why. Whether the case is over, and the picture its own, is the centre's to check."""

    row_key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}:[0-9a-f]{32}$")
    case: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")


class ErasureAnswer(Message):
    """It is gone, and nothing of it is left. The row stays and says so."""

    row_key: str
    machines: Count
    """That had a vector until now."""
    again: bool
    """It was erased before."""
