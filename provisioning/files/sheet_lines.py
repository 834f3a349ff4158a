"""Parses CSV files, as spreadsheets and people write them, into lines of cells."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_COLUMNS: Final = 256
BLANKS: Final = " \t\u00a0\u3000"
"""Characters that are stripped around a value; the last one is the space of a Chinese keyboard."""

CUT_NUMBER: Final = (
    "the spreadsheet made a number of this and kept 15 of its digits: format the column as text and enter it again"
)
_DELIMITERS: Final = ",;\t"
_MAX_LINES: Final = 100_000
_MAX_JOINED: Final = 8
"""Lines of the file that one quoted value may span. A quote that is never closed costs only its own line."""


class SheetError(Exception):
    """A file that is no table, or too large a one. The text never holds the content of a cell."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Content of a cell. `fault`: why its author cannot have typed it; `is_number`: no text in the spreadsheet."""

    text: str = field(repr=False)
    fault: str = ""
    is_number: bool = False
    day: str = field(default="", repr=False)
    """Day of a cell that the spreadsheet holds as a date, as `2026-11-24`."""

    @property
    def is_blank(self) -> bool:
        """True without a fault or a visible character."""
        return not self.fault and not self.text.strip(BLANKS)


EMPTY: Final = Cell("")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line that is not empty. `number` counts from 1, in the file; `fault`: reason why it has no cells."""

    number: int
    cells: tuple[Cell, ...]
    fault: str = ""


def bounded(lines: Iterator[SheetLine], most: int) -> list[SheetLine]:
    """Returns the lines that are not empty, without empty cells at their ends: `most` of them and one of headings.

    Raises:
        SheetError: more lines, or more than 256 columns.
    """
    kept: list[SheetLine] = []
    for line in lines:
        width = next((place for place in range(len(line.cells), 0, -1) if not line.cells[place - 1].is_blank), 0)
        if not width and not line.fault:
            continue
        if width > MAX_COLUMNS:
            raise SheetError(f"line {line.number} has more than {MAX_COLUMNS} columns: take the empty ones out")
        if len(kept) > most:
            raise SheetError(f"the file has more than {most:,} lines below its headings: divide it into several")
        kept.append(SheetLine(line.number, line.cells[:width], line.fault))
    return kept


def decode(data: bytes) -> tuple[str, str]:
    """Decodes a CSV file. Returns its text and encoding: utf-8, or gb18030, which Excel writes on a Chinese Windows.

    Raises:
        SheetError: neither.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SheetError('the file is in UTF-16 (Excel\'s "Unicode text"): save it as CSV UTF-8')
    if b"\0" in data:
        raise SheetError("there are NUL bytes in the file: it is UTF-16 or no text; save it as CSV UTF-8")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding
        except UnicodeDecodeError:
            continue
    raise SheetError("the file is neither UTF-8 nor GB18030: save it as CSV UTF-8")


def parse(text: str, most: int) -> list[SheetLine]:
    """Parses a CSV text of up to `most` lines and one of headings.

    The separator is the one of comma, semicolon and tab that the first line has most of.

    Raises:
        SheetError: too many lines.
    """
    physical = io.StringIO(text, newline=None).readlines()
    if len(physical) > _MAX_LINES:
        raise SheetError(f"the file has more than {_MAX_LINES:,} lines, most of them empty: take these out")
    return bounded(_lines(physical), most)


def _lines(physical: list[str]) -> Iterator[SheetLine]:
    first = next((line for line in physical if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    position = 0
    while position < len(physical):
        if not physical[position].strip():
            position += 1
            continue
        cells, end = _record(physical, position, delimiter)
        if cells is None:
            fault = "a double quote is not closed or stands amid a value: put the value in quotes, its own ones twice"
            yield SheetLine(position + 1, (), fault)
        else:
            yield SheetLine(position + 1, tuple(Cell(cell) if cell else EMPTY for cell in cells))
        position = end


def _record(physical: list[str], start: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Returns the record that starts at this line, and the number of the line after it."""
    for end in range(start + 1, min(start + _MAX_JOINED, len(physical)) + 1):
        try:
            return next(csv.reader(physical[start:end], delimiter=delimiter, strict=True)), end
        except csv.Error:  # unfinished, or wrong, which more lines do not change
            continue
    return None, start + 1
