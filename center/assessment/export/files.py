"""Exports a report as a file: a CSV of the cameras, a workbook of everything, or a PDF."""

from pathlib import Path
from typing import Final, Literal

from center.access.permissions import EVERYWHERE, Scope
from center.assessment.assessor import Assessor
from center.assessment.export.sheets import Sheet, sheets
from center.assessment.report import Judged
from center.errors import StartError
from provisioning.files.spreadsheets import csv_file, safe_cell, xlsx_file

Format = Literal["csv", "xlsx", "pdf"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def export(assessor: Assessor, period: str, form: Format, *, sight: Scope, version: int | None = None) -> bytes:
    """Exports one period for the cameras in sight; a closed month in `version`, or in its newest.

    Blocks: call it from a worker thread.

    Raises:
        BadPeriodError: the text is no period.
        UnknownVersionError: the month has no such version.
        StoreUnavailableError: the database does not work.
    """
    judged = assessor.judged(period, sight=sight, version=version)
    tables, correction = sheets(judged.report, judged.windows, judged.gaps), _correction(judged)
    match form:
        case "csv":
            cameras = _of_version(tables[1], correction)
            return csv_file([cameras.flat_head(), *cameras.flat_rows()])
        case "xlsx":
            versions = (_of_version(table, correction) for table in tables)
            return xlsx_file((each.title, [each.flat_head(), *each.flat_rows()]) for each in versions)
        case "pdf":
            from center.assessment.export.pdf import as_pdf  # noqa: PLC0415 - a second of imports that few need

            without_findings = (*tables[:2], *tables[3:])  # only a workbook has room for the single ones
            return as_pdf(" ".join(filter(None, ("考核报告 Assessment", period, correction))), without_findings)


def _correction(judged: Judged) -> str:
    """Returns number and name of a corrected month; empty for a month as first published, and for an open period."""
    version = judged.version
    return "" if version is None or version.number == 1 else f"v{version.number}: {safe_cell(version.name)}"


def _of_version(sheet: Sheet, correction: str) -> Sheet:
    """Adds a column that names the correction to every row: rows are copied into other files."""
    if not correction:
        return sheet
    return Sheet(sheet.title, (*sheet.head, "版本 Version"), tuple((*row, correction) for row in sheet.rows))


def write(assessor: Assessor, period: str, file: Path) -> None:
    """Exports a period into a file, in the format of its suffix.

    Raises:
        BadPeriodError: the text is no period.
        StartError: the suffix names no format, or the file cannot be written.
    """
    form = next((each for each in MEDIA_TYPES if file.suffix.lower() == f".{each}"), None)
    if form is None:
        raise StartError(
            what=f"{file} has no suffix that says what to write",
            what_to_do=f"End its name with {', '.join(f'.{each}' for each in MEDIA_TYPES)}",
        )
    try:
        file.write_bytes(export(assessor, period, form, sight=EVERYWHERE))
    except OSError as error:
        raise StartError(
            what=f"{file} cannot be written ({error.strerror})", what_to_do="Name a file in a folder of yours"
        ) from error
