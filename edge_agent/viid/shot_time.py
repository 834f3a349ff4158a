"""Converts local time as GA/T 1400 writes it, without a zone: the contract's offset holds."""

import re
from datetime import datetime
from typing import Final

from provisioning.contracts.query.archive import ZONE

_LOCAL: Final = re.compile(r"(\d{14})(\d{3})?", re.ASCII)
_EPOCH_MS: Final = re.compile(r"\d{13}", re.ASCII)


def parse(text: str) -> int | None:
    """Returns the Unix milliseconds of yyyyMMddHHmmss, of the same with milliseconds, or of just such a number.

    None for anything else.
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    found = _LOCAL.fullmatch(text)
    if found is None:
        return None
    try:
        local = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    except ValueError:  # no such day or hour
        return None
    return max(0, round(local.timestamp()) * 1000 + int(found[2] or 0)) if local.year > 1970 else None


def written(now_ms: int) -> str:
    """Writes local time as yyyyMMddHHmmss."""
    return datetime.fromtimestamp(now_ms // 1000, ZONE).strftime("%Y%m%d%H%M%S")
