"""Reads date and time out of a line's signs: Chinese and English forms, 12 and 24 hours, weekday, tenths. Pure."""

import re
from datetime import datetime
from itertools import product
from typing import Final

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CHINESE: Final = ("一", "二", "三", "四", "五", "六", "日")
_WEEKDAY: Final = rf"(?:(?:星期|周)(?P<chinese>[{''.join(_CHINESE)}天])|(?P<english>{'|'.join(WEEKDAYS)}))"
_DATES: Final = (
    r"(?P<year>\d{4})(?P<cut>[-/.])(?P<month>\d\d)(?P=cut)(?P<day>\d\d)",
    r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
    r"(?P<month>\d\d)(?P<cut>[-/.])(?P<day>\d\d)(?P=cut)(?P<year>\d{4})",
    r"(?P<day>\d\d)(?P<cut>[-/.])(?P<month>\d\d)(?P=cut)(?P<year>\d{4})",
)
_TIMES: Final = (
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<part>\.\d{1,3})?(?P<half>[AP]M)?",
    r"(?P<half>上午|下午)(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?P<part>\.\d{1,3})?",
)
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for date, time in product(_DATES, _TIMES)
    for form in (f"{date}{time}", f"{date}{_WEEKDAY}{time}", f"{date}{time}{_WEEKDAY}", f"{_WEEKDAY}{date}{time}")
)
_NOON: Final = 12


def times(signs: str) -> set[datetime]:
    """Returns the local times that a whole line can mean: none, one, or two where day and month may be exchanged."""
    line = signs.replace(" ", "").replace("：", ":")
    found = (form.fullmatch(line) for form in _FORMS)
    return {time for match in found if match is not None and (time := _time(match.groupdict())) is not None}


def _time(parts: dict[str, str | None]) -> datetime | None:
    year, month, day, hour, minute, second = (
        int(parts[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    half = parts["half"]
    if half is not None:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half in {"PM", "下午"} else 0)
    fraction = round(float(parts["part"] or 0) * 1_000_000)
    try:
        time = datetime(year, month, day, hour, minute, second, fraction)  # noqa: DTZ001 - its zone is nowhere written
    except ValueError:  # no such day or hour
        return None
    return time if _weekday(parts) in {None, time.weekday()} else None


def _weekday(parts: dict[str, str | None]) -> int | None:
    chinese, english = parts.get("chinese"), parts.get("english")
    if chinese is not None:
        return _CHINESE.index(chinese.replace("天", "日"))
    return None if english is None else WEEKDAYS.index(english)
