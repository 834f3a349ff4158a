"""Reads the edition of the standard that a device speaks from `X-GB-Ver` (GB/T 28181-2022, annex on REGISTER)."""

from enum import Enum
from typing import Final


class Version(Enum):
    """An edition, by the header's text. A platform must not send a lower edition what it cannot know."""

    V2011 = "1.0"
    V2011_AMENDED = "1.1"
    V2016 = "2.0"
    V2022 = "3.0"

    @property
    def is_2022(self) -> bool:
        """True if the device understands `streamnumber`, `IFrameCmd`, a GB18030 label and H.265 by number."""
        return self is Version.V2022


OURS: Final = Version.V2022


def of(header: str | None) -> Version:
    """Returns the edition that a header names. Absent or unknown: 2016, which all devices understand."""
    try:
        return Version((header or "").strip())
    except ValueError:
        return Version.V2016
