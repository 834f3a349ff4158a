"""A calendar for tests: Beijing time, +08:00 all year."""

import re
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


class Beijing:
    """A `Calendar`."""

    def text(self, at_ms: int, *, with_ms: bool = False) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, BEIJING)
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at_ms % 1000:03d}" if with_ms else "")

    def at_ms(self, text: str) -> int | None:
        if not re.match(r"\d{4}-\d\d-\d\dT", text):
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return None
        return round((at if at.tzinfo else at.replace(tzinfo=BEIJING)).astimezone(UTC).timestamp() * 1000)
