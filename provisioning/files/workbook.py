"""Parses the first sheet of an XLSX workbook into lines of cells. The only file that reads one with openpyxl."""

import contextlib
import io
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from provisioning.files.sheet_lines import CUT_NUMBER, EMPTY, Cell, SheetError, SheetLine, bounded

MAGIC: Final = b"PK\x03\x04"
OLD_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""OLE 2: an .xls from before 2007, or an .xlsx under a password."""

_MAX_UNPACKED: Final = 16 * 1024**2
_MAX_MARKUP: Final = 6 * 1024**2
"""XML grows a hundredfold in memory. 2,000 cameras make 1 MiB of it, photographs on the sheet make none."""

_MAX_PARTS: Final = 1000
_MAX_ROWS: Final = 1_048_576  # Excel's own limit; openpyxl would count up to whatever number a row claims to have
_MAX_CELLS: Final = 1_000_000
_MAX_NUMBER: Final = 10**15
"""A spreadsheet keeps 15 digits of a number."""

_TOO_MUCH: Final = (
    f"the workbook unpacks to over {_MAX_UNPACKED // 1024**2} MiB, {_MAX_MARKUP // 1024**2} MiB of cells or"
    f" {_MAX_PARTS:,} parts, which no list does: copy the list alone to a new workbook"
)
_BROKEN: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Exceptions of zipfile, expat and openpyxl for damaged workbooks; openpyxl checks little itself."""


def parse(data: bytes, most: int) -> list[SheetLine]:
    """Parses the first sheet, up to `most` lines and one of headings: values, not formulas; nothing is computed.

    Raises:
        SheetError: no workbook, a damaged one, or one that unpacks to more than a list can be.
    """
    try:
        _check_parts(data)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # openpyxl warns of extensions that it leaves out, and prints of styles
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return bounded(_lines(book), most)
    except _BROKEN as error:
        kind = type(error).__name__
    # Raised outside the handler: the library's error may quote a cell, and would come as its context.
    raise SheetError(f"the file is no XLSX workbook, or a damaged one ({kind}): save it again, or as CSV UTF-8")


def _check_parts(data: bytes) -> None:
    """Refuses workbooks that grow: sizes are the directory's, and zipfile unpacks no more than those."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
            raise SheetError(_TOO_MUCH)
        markup = 0
        for part in parts:
            content = archive.read(part).replace(b"\0", b"")  # so that UTF-16 reads like ASCII
            if content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
                markup += part.file_size
            if markup > _MAX_MARKUP:
                raise SheetError(_TOO_MUCH)
            if b"<!DOCTYPE" in content:  # entities expand
                raise SheetError("the workbook declares a document type, as no spreadsheet does: save it as CSV UTF-8")


def _lines(book: Any) -> Iterator[SheetLine]:
    if not book.worksheets:
        raise SheetError("the workbook has no sheet with cells")
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what the file says of its size is often wrong
    spent = 0
    for number, row in enumerate(sheet.iter_rows(max_row=_MAX_ROWS), 1):
        spent += len(row)
        if spent > _MAX_CELLS:
            raise SheetError(
                f"the sheet has more than {_MAX_CELLS:,} cells, most of them empty: copy the list alone to a new sheet"
            )
        yield SheetLine(number, tuple(_cell(cell.value, is_error=cell.data_type == "e") for cell in row))


def _cell(value: object, *, is_error: bool) -> Cell:
    cell = EMPTY
    match value:
        case _ if is_error:
            cell = Cell("", "the formula in this cell gives an error: format the column as text and enter it again")
        case None:
            pass
        case str():
            cell = Cell(value)
        case bool():
            cell = Cell("", "the spreadsheet took this for yes or no: format the column as text and enter it again")
        case int() | float() if abs(value) < _MAX_NUMBER:
            cell = Cell(str(int(value) if value == int(value) else value), is_number=True)
        case int() | float():
            cell = Cell("", CUT_NUMBER)
        case _:
            fault = "the spreadsheet took this for a date: format the column as text and enter it again"
            cell = Cell("", fault, day=f"{value:%Y-%m-%d}" if isinstance(value, date) else "")
    return cell
