"""Times as people read them: in the archive's zone, which is written beside them, and UTC for who asks."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from provisioning.contracts.archive import DEFAULT_DAY_OFFSET_MINUTES

ZONE: Final = timezone(timedelta(minutes=DEFAULT_DAY_OFFSET_MINUTES))
ZONE_TEXT: Final = "+08:00"


def local(at_ms: int) -> str:
    """`2026-11-24 15:46:03 +08:00`."""
    moment = datetime.fromtimestamp(at_ms / 1000, ZONE)
    return f"{moment:%Y-%m-%d %H:%M:%S} {ZONE_TEXT}"


def utc(at_ms: int) -> str:
    """`2026-11-24 07:46:03.120 UTC`."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} UTC"


def to_input(at_ms: int) -> str:
    """As a `datetime-local` field holds it."""
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m-%dT%H:%M")


def from_input(text: str | None) -> int | None:
    """What a `datetime-local` field says, None if it is empty or half typed."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if not 1970 <= moment.year <= 2099:
        return None
    return max(0, int(moment.replace(tzinfo=ZONE).timestamp() * 1000))
