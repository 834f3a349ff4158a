"""Base of the generated enumerations."""

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """An enumeration that takes values it does not know: a newer centre's are kept as they came.

    Such a value equals its text and is no member; `value in list(Kind)` tells.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown
