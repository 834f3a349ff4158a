"""Indicators of the assessment, and verdicts on them."""

from enum import StrEnum


class Indicator(StrEnum):
    """One of the nine indicators; `docs/assessment.md` has the arithmetic of each."""

    ONLINE = "online"
    CLOCK = "clock"
    TIMELINESS = "timeliness"
    PICTURE = "picture"
    """A full-scene picture is there."""
    PLACE = "place"
    """Longitude and latitude are plausible."""
    CODE = "code"
    """The code is a valid one of GB/T 28181, of 20 digits."""
    SNAPSHOT = "snapshot"
    """The picture has none of the eleven faults."""
    DELIVERY = "delivery"
    COMPLETENESS = "completeness"


class IndicatorVerdict(StrEnum):
    """Verdict on one indicator."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    EXCUSED = "excused"
    """All that counts lies in planned maintenance."""
    UNKNOWN = "unknown"
    """Too little is known to pass or to fail."""
