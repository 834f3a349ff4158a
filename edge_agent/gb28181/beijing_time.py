"""The calendar of devices: Beijing time, +08:00 all year, unless a text names another zone."""

import re
from datetime import UTC, datetime
from typing import Final

from provisioning.contracts.query.archive import ZONE

_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_LONGEST: Final = 40
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 9998


class BeijingTime:
    """Converts between Unix milliseconds and the devices' Beijing time (`Calendar`)."""

    def text(self, at_ms: int, *, with_ms: bool = False) -> str:
        at = datetime.fromtimestamp(at_ms // 1000, ZONE)
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at_ms % 1000:03d}" if with_ms else "")

    def at_ms(self, text: str) -> int | None:
        """Returns the moment of a device's text, for years 1971 to 9998: `datetime` fails at the edges of its own."""
        text = text[:_LONGEST].strip()
        if not _TEXT.fullmatch(text):
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:  # no such day or hour
            return None
        if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            return None
        return round((at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC).timestamp() * 1000)
