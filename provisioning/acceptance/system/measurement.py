"""Defines a measurement: a value with its time, or the reason for which there is none. In both languages."""

from dataclasses import dataclass
from typing import NamedTuple

from provisioning.errors import ProvisioningError


class Bilingual(NamedTuple):
    """One text in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A value that was measured, or that a dated report has. `how` names the source for people."""

    value: float | bool
    at_ms: int
    how: Bilingual


class NotMeasuredError(ProvisioningError):
    """There is no value. The text is English.

    Attributes:
        why: the same in both languages: the reason, and what to do.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.why = Bilingual(zh, en)
