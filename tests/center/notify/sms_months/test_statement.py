"""The carrier's file: lists as carriers write them, in every form; whole or not at all; no bytes do worse."""

import csv
import io
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from center.errors import CenterError, TooLargeError
from center.notify.sms_months.errors import (
    StatementDayError,
    StatementFileError,
    StatementHeadingsError,
    StatementPartsError,
    StatementTotalError,
)
from center.notify.sms_months.statement import MAX_BYTES, StatementRow, read
from provisioning.contracts.config.notify import SmsStatement

COLUMNS = SmsStatement(day="日期", parts="计费条数", template="模板编号", total="合计")
BY_DAY = SmsStatement(day="日期", parts="计费条数")
MONTH = "2026-11"
HEADS = ["手机号", "日期", "模板编号", "计费条数"]


def table(*rows: list[str], encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def book(*rows: list[Any]) -> bytes:
    made = Workbook()
    for row in rows:
        made.worksheets[0].append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


EXPECTED = (
    StatementRow(day="2026-11-01", template="TPL01", parts=3),
    StatementRow(day="2026-11-02", template="", parts=1200),
    StatementRow(day="2026-11-02", template="TPL01", parts=2),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_with_a_title_other_columns_and_a_total_is_summed_by_day_and_template(encoding: str) -> None:
    content = table(
        ["某某公司短信账单"],
        HEADS,
        ["13800138000", "2026-11-01", "TPL01", "1"],
        ["13800138000", "2026/11/1 08:30", "TPL01", "2"],
        ["", "20261102", "", "1,200"],
        ["", "2026年11月2日", "TPL01", "２"],
        ["", "合计", "", "1205"],
        encoding=encoding,
    )
    assert read(content, COLUMNS, MONTH) == EXPECTED


def test_cells_of_a_workbook_that_are_dates_and_numbers_are_read_alike() -> None:
    content = book(
        HEADS,
        [None, date(2026, 11, 1), "TPL01", 3],
        [None, 20261102, None, 1200],
        [None, datetime(2026, 11, 2, 9, 30), "TPL01", "2"],  # noqa: DTZ001 - a workbook's cell has no zone
    )
    assert read(content, COLUMNS, MONTH) == EXPECTED


def test_without_a_column_of_templates_days_alone_are_told() -> None:
    content = table(HEADS, ["", "2026-11-03", "A", "1"], ["", "2026-11-03", "B", "2"])
    assert read(content, BY_DAY, MONTH) == (StatementRow(day="2026-11-03", template=None, parts=3),)


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        ([["日期", "条数"], ["2026-11-01", "1"]], StatementHeadingsError, "日期, 计费条数, 模板编号"),
        ([[*HEADS, "日期"], ["", "2026-11-01", "", "1", ""]], StatementHeadingsError, "once"),
        ([HEADS, ["", "2026-10-31", "", "1"], ["", "2026-11-31", "", "1"]], StatementDayError, "lines: 2, 3"),
        ([HEADS, ["", "2026111", "", "1"]], StatementDayError, "lines: 2"),
        ([HEADS, *[["", "2026-11-01", "", "-1"]] * 7], StatementPartsError, "2, 3, 4, 5, 6, …"),
        ([HEADS, ["", "2026-11-01", "", "1.5"]], StatementPartsError, "计费条数"),
        ([HEADS, ["", "2026-11-01", "", "1"], ["", "合计", "", "2"]], StatementTotalError, "states 2 parts"),
    ],
)
def test_a_file_with_a_fault_is_refused_and_says_where(
    rows: list[list[str]], error: type[CenterError], says: str
) -> None:
    with pytest.raises(error, match=says):
        read(table(*rows), COLUMNS, MONTH)


def test_what_is_no_table_or_too_large_is_refused() -> None:
    for content in (b"PK\x03\x04 no workbook", bytes.fromhex("d0cf11e0a1b11ae1"), b"\0\1\2"):
        with pytest.raises(StatementFileError):
            read(content, COLUMNS, MONTH)
    with pytest.raises(TooLargeError):
        read(b"x" * (MAX_BYTES + 1), COLUMNS, MONTH)


WHOLE = book(HEADS, [None, date(2026, 11, 1), "TPL01", 3])
FRAGMENTS = st.sampled_from(
    ["日期", "计费条数", "模板编号", "合计", "2026-11-01", ",", "\n", '"', "1", "9" * 12, "2026-1-"]
)


@given(
    st.binary(max_size=200)
    | st.lists(FRAGMENTS, max_size=40).map(lambda parts: ("日期,计费条数,模板编号\n" + "".join(parts)).encode())
    | st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8)).map(
        lambda cut: WHOLE[: cut[0]] + cut[1] + WHOLE[cut[0] + len(cut[1]) :]
    )
)
def test_any_bytes_give_rows_of_the_month_or_a_refusal(content: bytes) -> None:
    try:
        rows = read(content, COLUMNS, MONTH)
    except CenterError:
        return
    assert all(each.day.startswith(MONTH) and each.parts >= 0 for each in rows)
    assert len({(each.day, each.template) for each in rows}) == len(rows)
