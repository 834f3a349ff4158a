"""Which edition of the standard a device speaks: the `X-GB-Ver` header (GB/T 28181-2022, annex on REGISTER)."""

from enum import Enum
from typing import Final


class Version(Enum):
    """By the header's text. A platform must not send to the lower what it cannot know."""

    V2011 = "1.0"
    V2011_AMENDED = "1.1"
    V2016 = "2.0"
    V2022 = "3.0"

    @property
    def is_2022(self) -> bool:
        """Whether `streamnumber`, `IFrameCmd`, a GB18030 label and H.265 by number are understood."""
        return self is Version.V2022


OURS: Final = Version.V2022


def of(header: str | None) -> Version:
    """The edition that a header names. Absent, or a text that nobody knows: 2016, which all of them understand."""
    try:
        return Version((header or "").strip())
    except ValueError:
        return Version.V2016
