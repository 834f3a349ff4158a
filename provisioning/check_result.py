"""Result of one check: good, or a fault with its remedy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check."""

    what: str
    is_good: bool
    detail: str
