"""Reads dated reports: sheets of figures that a person wrote from a bench, a laboratory's paper, or a course."""

import hashlib
import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, StrictBool, ValidationError, model_validator

from provisioning.acceptance.system.contract import ContractRow, Inside, Line, Number, Sha256
from provisioning.acceptance.system.measurement import Bilingual, Measured, NotMeasuredError
from provisioning.contracts.config.processes import name_faults
from provisioning.contracts.query.archive import ZONE
from provisioning.contracts.section import Section

MAX_BYTES: Final = 1024 * 1024
_MAX_PAPER_BYTES: Final = 256 * 1024 * 1024


class ReportFigure(Section):
    """One figure of a report. `file` is the paper that it is taken from, beside the sheet."""

    row: Line
    value: StrictBool | Number
    unit: str = Field(default="", max_length=20)
    dated: date
    by: Line
    how: Line
    file: Inside | None = None
    sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _has_a_hash_with_its_file(self) -> Self:
        if (self.file is None) != (self.sha256 is None):
            raise ValueError("file and sha256 go together")
        return self


class ReportSheet(Section):
    """A sheet of figures."""

    figure: Annotated[tuple[ReportFigure, ...], Field(max_length=1000)]


def read_figure(row: ContractRow, folder: Path, now_ms: int) -> Measured:
    """Returns the newest figure of a row that its report has, if it is young enough and its paper is there unchanged.

    Raises:
        NotMeasuredError: there is no such figure; the text says what is wrong with it.
    """
    name = row.report or ""
    data = _read(folder / name, name)
    figures = [each for each in parse(data, name).figure if each.row == row.id]
    if not figures:
        raise NotMeasuredError(f"报告 {name} 中没有此行的数据", f"the report {name} has no figure for this row")
    figure = max(figures, key=lambda each: each.dated)
    if figure.unit != row.unit or isinstance(figure.value, bool) != isinstance(row.wanted, bool):
        raise NotMeasuredError(
            f"报告 {name} 的单位是“{figure.unit}”，合同要求“{row.unit}”",
            f"the report {name} is in {figure.unit!r}, and the contract wants {row.unit!r}",
        )
    _check_age(row, figure, name, now_ms)
    if figure.file is not None:
        _check_paper(figure, folder / name, name)
    at = datetime.combine(figure.dated, time(), ZONE)
    digest = hashlib.sha256(data).hexdigest()[:16]
    return Measured(
        figure.value,
        round(at.timestamp() * 1000),
        Bilingual(
            f"报告 {name}（SHA-256 {digest}…），{figure.dated}，{figure.by}：{figure.how}",
            f"report {name} (SHA-256 {digest}…), {figure.dated}, {figure.by}: {figure.how}",
        ),
    )


def parse(data: bytes, name: str) -> ReportSheet:
    """Parses a sheet.

    Raises:
        NotMeasuredError: it is none.
    """
    try:
        return ReportSheet.model_validate(tomllib.loads(data.decode()))
    except ValidationError as error:
        raise _unreadable(name, name_faults(error)) from error
    except (ValueError, RecursionError) as error:
        raise _unreadable(name, str(error)) from error


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotMeasuredError(
            f"没有报告 {name}（{error.strerror}）", f"there is no report {name} ({error.strerror})"
        ) from error
    if len(data) > MAX_BYTES:
        raise _unreadable(name, f"over {MAX_BYTES >> 20} MiB")
    return data


def _unreadable(name: str, why: str) -> NotMeasuredError:
    short = why[:300]
    return NotMeasuredError(f"报告 {name} 无法读取：{short}", f"the report {name} cannot be read: {short}")


def _check_age(row: ContractRow, figure: ReportFigure, name: str, now_ms: int) -> None:
    today = datetime.fromtimestamp(now_ms / 1000, ZONE).date()
    allowed = timedelta(days=row.within_days or 0)
    if figure.dated > today:
        raise NotMeasuredError(
            f"报告 {name} 的日期 {figure.dated} 在将来", f"the report {name} is dated {figure.dated}, which is to come"
        )
    if today - figure.dated > allowed:
        days = (today - figure.dated).days
        raise NotMeasuredError(
            f"报告 {name} 太旧：{figure.dated}，已 {days} 天，至多 {allowed.days} 天；请重新测量",
            f"the report {name} is too old: {figure.dated}, {days} days, {allowed.days} are allowed; measure again",
        )


def _check_paper(figure: ReportFigure, sheet: Path, name: str) -> None:
    paper = sheet.parent / (figure.file or "")
    try:
        if paper.stat().st_size > _MAX_PAPER_BYTES:
            raise _unreadable(name, f"{figure.file} is over {_MAX_PAPER_BYTES >> 20} MiB")
        with paper.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise NotMeasuredError(
            f"报告 {name} 所引的 {figure.file} 不在（{error.strerror}）",
            f"{figure.file}, which the report {name} names, is not there ({error.strerror})",
        ) from error
    if found != figure.sha256:
        raise NotMeasuredError(
            f"报告 {name} 所引的 {figure.file} 与其散列不符",
            f"{figure.file} is not the file that the report {name} names by its hash",
        )
