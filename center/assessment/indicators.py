"""The nine things that are assessed."""

from enum import StrEnum


class Indicator(StrEnum):
    """What is assessed; `docs/assessment.md` has the arithmetic of each."""

    ONLINE = "online"
    CLOCK = "clock"
    TIMELINESS = "timeliness"
    PICTURE = "picture"
    """A full-scene picture is there."""
    PLACE = "place"
    """Longitude and latitude."""
    CODE = "code"
    """The 20 digits of GB/T 28181."""
    SNAPSHOT = "snapshot"
    """Not one of the eleven picture faults."""
    DELIVERY = "delivery"
    COMPLETENESS = "completeness"


class Verdict(StrEnum):
    """On one indicator."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    EXCUSED = "excused"
    """All that counts lies in planned maintenance."""
    UNKNOWN = "unknown"
    """Too little is known to say either."""
