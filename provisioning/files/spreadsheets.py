"""Writes tables that spreadsheets open: no cell of text begins a formula, even of hostile origin."""

import csv
import io
from collections.abc import Iterable
from typing import Final

Cell = str | int | float | None
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MAX_CELL: Final = 2000
_BOM: Final = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page."""


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, and no file format for markup. Safe text stays as it is."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)[:_MAX_CELL]
    return f"'{plain}" if text.startswith(_STARTS_A_FORMULA) or plain.lstrip().startswith(_STARTS_A_FORMULA) else plain


def csv_file(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Write rows as CSV (RFC 4180, UTF-8 with BOM), every text a `safe_cell`; None is an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return f"{_BOM}{buffer.getvalue()}".encode()


def xlsx_file(tables: Iterable[tuple[str, Iterable[Iterable[Cell]]]]) -> bytes:
    """Write tables as a workbook, a sheet each, given as title and rows; every text cell is text, whatever it says."""
    from openpyxl import Workbook  # noqa: PLC0415 - few need it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - the same
    from openpyxl.writer.excel import save_workbook  # noqa: PLC0415 - the same

    book = Workbook(write_only=True)
    for title, rows in tables:
        page = book.create_sheet(title[:31])
        page.freeze_panes = "A2"

        def cell(value: Cell, page: object = page) -> object:
            made = WriteOnlyCell(page, value=value)
            if isinstance(value, str):
                made.data_type = "s"
            return made

        for row in rows:
            page.append([cell(value) for value in row])
    buffer = io.BytesIO()
    save_workbook(book, buffer)
    return buffer.getvalue()


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    return safe_cell(cell) if isinstance(cell, str) else cell
