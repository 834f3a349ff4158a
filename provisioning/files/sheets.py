"""Reads a table that people made, CSV or XLSX by its first bytes."""

from provisioning.files import sheet_lines, workbook
from provisioning.files.sheet_lines import SheetError, SheetLine


def read(data: bytes, most: int) -> tuple[list[SheetLine], str]:
    """Reads up to `most` lines and one of headings. Returns them and the encoding: utf-8, gb18030 or xlsx.

    Raises:
        SheetError: neither CSV nor XLSX, in another encoding, or too large.
    """
    if data.startswith(workbook.MAGIC):
        return workbook.parse(data, most), "xlsx"
    if data.startswith(workbook.OLD_MAGIC):
        raise SheetError("this is an .xls, or a workbook under a password: save it as .xlsx without one")
    text, encoding = sheet_lines.decode(data)
    return sheet_lines.parse(text, most), encoding
