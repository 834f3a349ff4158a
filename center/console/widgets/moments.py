"""Reads and writes times in forms; `center.clock` writes them for people."""

from datetime import datetime

from center.clock import ZONE, ZONE_TEXT, local, utc

__all__ = ["ZONE", "ZONE_TEXT", "from_input", "local", "to_input", "utc"]


def to_input(at_ms: int) -> str:
    """Writes a time as a `datetime-local` field holds it."""
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m-%dT%H:%M")


def from_input(text: str | None) -> int | None:
    """Reads a `datetime-local` field, None if it is empty or half typed."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if not 1970 <= moment.year <= 2099:
        return None
    return max(0, int(moment.replace(tzinfo=ZONE).timestamp() * 1000))
