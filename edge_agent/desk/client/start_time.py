"""Parses the start of a recording as a person writes it: ISO 8601 with a zone.

Nothing is guessed, least of all the hour.
"""

from datetime import UTC, datetime
from typing import Final

from edge_agent.desk.ask import EARLIEST_MS
from edge_agent.desk.errors import DeskError

_EXAMPLE: Final = "2026-11-24T08:30:00+08:00"


def started_at_ms(text: str, now_ms: int) -> int:
    """Returns milliseconds since 1970, UTC.

    Raises:
        DeskError: `implausible_start`: no date and time with a zone, before 2000, or in the future.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _error(f"{text[:40]!r} is no date and time: write it like {_EXAMPLE}") from None
    if moment.tzinfo is None:
        raise _error(f"{text[:40]!r} has no zone, and hours apart are other hours: write it like {_EXAMPLE}")
    # Not `timestamp()`: a float of seconds is off by a millisecond now and then.
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    at_ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    if at_ms < EARLIEST_MS:
        raise _error(f"{text[:40]!r} lies before the year 2000: a clock that was never set?")
    if at_ms > now_ms:
        raise _error(f"{text[:40]!r} lies in the future")
    return at_ms


def offered(created_at: str | None) -> str:
    """Words the file's own claim about its start, as a hint and no more."""
    if created_at is None:
        return "the file does not say it itself"
    return (
        f"the file says {created_at[:40]!r}, which is often the end of a recording, or local time that claims to be UTC"
    )


def _error(what: str) -> DeskError:
    return DeskError("implausible_start", f"--started-at: {what}")
