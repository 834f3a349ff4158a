"""One thing that was looked at: good, or what is wrong and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of a check."""

    what: str
    is_good: bool
    detail: str
