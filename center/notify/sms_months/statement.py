"""Reads the carrier's file of a month, CSV or XLSX, by the columns that the configuration names. Pure.

Two or three columns are read. All others, mobile numbers among them, are left where they are.
"""

import re
import unicodedata
from collections import Counter
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from center.errors import TooLargeError
from center.notify.sms_months.errors import (
    StatementDayError,
    StatementFileError,
    StatementHeadingsError,
    StatementPartsError,
    StatementTotalError,
)
from provisioning.contracts.config.notify import SmsStatement
from provisioning.files import sheets
from provisioning.files.sheet_lines import EMPTY, Cell, SheetError, SheetLine

MAX_BYTES: Final = 512 * 1024
MAX_LINES: Final = 20_000
TITLE_LINES: Final = 20
"""Lines among which the headings are looked for: carriers put titles above them."""
_SHOWN: Final = 5
_DAY: Final = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))(?:[T ].*)?")
_COUNT: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9]{1,9}")


class StatementRow(BaseModel):
    """Parts that the carrier bills for a day, and for a template where the file tells one."""

    model_config = ConfigDict(frozen=True)

    day: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    template: str | None = Field(max_length=64)
    parts: int = Field(ge=0)


ROWS: Final[TypeAdapter[tuple[StatementRow, ...]]] = TypeAdapter(tuple[StatementRow, ...])


def read(data: bytes, columns: SmsStatement, month: str) -> tuple[StatementRow, ...]:
    """Reads the file: lines of the same day and template become one row. It is taken whole or not at all.

    Raises:
        TooLargeError, StatementFileError: no such file.
        StatementHeadingsError, StatementDayError, StatementPartsError, StatementTotalError: its content.
    """
    if len(data) > MAX_BYTES:
        raise TooLargeError(limit=MAX_BYTES)
    try:
        lines, _ = sheets.read(data, MAX_LINES)
    except SheetError as error:
        raise StatementFileError(cause=error) from error
    return _Reading(lines, columns, month).rows()


class _Reading:
    """Reads the lines below the headings."""

    def __init__(self, lines: list[SheetLine], columns: SmsStatement, month: str) -> None:
        self._columns = columns
        self._month = month
        wanted = [columns.day, columns.parts, *([columns.template] if columns.template is not None else [])]
        for place, line in enumerate(lines[:TITLE_LINES]):
            heads = [_plain(cell.text) for cell in line.cells]
            if all(heads.count(_plain(name)) == 1 for name in wanted):
                self._places = {name: heads.index(_plain(name)) for name in wanted}
                self._lines = lines[place + 1 :]
                return
        raise StatementHeadingsError(lines=TITLE_LINES, headings=", ".join(wanted))

    def rows(self) -> tuple[StatementRow, ...]:
        columns = self._columns
        counts: Counter[tuple[str, str | None]] = Counter()
        totals: list[tuple[int, int]] = []
        no_days: list[int] = []
        no_parts: list[int] = []
        for line in self._lines:
            day, parts = self._cell(line, columns.day), _count(self._cell(line, columns.parts))
            template = None if columns.template is None else _plain(self._cell(line, columns.template).text)[:64]
            if parts is None:
                no_parts.append(line.number)
            elif columns.total is not None and _plain(day.text) == _plain(columns.total):
                totals.append((line.number, parts))
            elif (text := _day(day)) is None or not text.startswith(f"{self._month}-"):
                no_days.append(line.number)
            else:
                counts[text, template] += parts
        if no_days:
            raise StatementDayError(month=self._month, heading=columns.day, lines=_shown(no_days))
        if no_parts:
            raise StatementPartsError(heading=columns.parts, lines=_shown(no_parts))
        for number, stated in totals:
            if stated != counts.total():
                raise StatementTotalError(line=number, stated=stated, counted=counts.total())
        ordered = sorted(counts.items(), key=lambda each: (each[0][0], each[0][1] or ""))
        return tuple(StatementRow(day=day, template=template, parts=parts) for (day, template), parts in ordered)

    def _cell(self, line: SheetLine, heading: str) -> Cell:
        place = self._places[heading]
        return line.cells[place] if place < len(line.cells) else EMPTY


def _plain(text: str) -> str:
    """Returns a text in one width and without blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()


def _day(cell: Cell) -> str | None:
    if cell.day:
        return cell.day
    found = _DAY.fullmatch(_plain(cell.text))
    if found is None:
        return None
    try:
        return date(*(int(each) for each in found.groups() if each)).isoformat()
    except ValueError:
        return None


def _count(cell: Cell) -> int | None:
    text = _plain(cell.text)
    if cell.fault or _COUNT.fullmatch(text) is None:
        return None
    return int(text.replace(",", ""))


def _shown(lines: list[int]) -> str:
    more = ", …" if len(lines) > _SHOWN else ""
    return ", ".join(map(str, lines[:_SHOWN])) + more
