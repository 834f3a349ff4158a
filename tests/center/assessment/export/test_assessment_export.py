"""Exported files: names that are traps stay names, Excel reads the letters, and the PDF needs no network."""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from shutil import which
from subprocess import run

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench.center.assessment.fleet import MONTH, lay_down
from center.__main__ import app
from center.access.permissions import EVERYWHERE
from center.assessment.assessor import Assessor
from center.assessment.cause_words import CAUSES, GAPS, words_of
from center.assessment.export.files import export
from center.assessment.export.pdf import FONT_FILES, as_pdf
from center.assessment.export.sheets import sheets
from center.assessment.period import parse
from center.assessment.report import Gap
from center.assessment.service import open_assessor
from center.assessment.tables import HeardCameraRecord, WindowRecord
from center.bootstrap import open_records
from center.database.location import DATABASE
from center.database.store import Store
from center.search.camera_positions import CameraPositions
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.files.spreadsheets import safe_cell
from tests.center.access.test_cli import _config, _fails

TRAPS = (
    '=HYPERLINK("http://evil.test","open")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "  =1+1",
    "＝1",
    "<script>alert(1)</script>",
    "'; DROP TABLE cameras; --",
    "<b>&amp;</para>",
    "北门 \u202e\x07",
    "a\r\nb",
)
DAY = "2026-11-01"
WORDS = {"合格 pass", "不合格 fail", "免考 excused", "未知 unknown"}


@pytest.fixture
def assessor(store: Store) -> Assessor:
    """As many cameras as traps, each with the name of one."""
    lay_down(store, cameras=len(TRAPS), faults_each=1, hours=30)
    with store.transaction() as session:
        for number, trap in enumerate(TRAPS):
            camera = session.get(HeardCameraRecord, (f"agent-{number // 10:03d}", f"cam-{number:04d}"))
            assert camera is not None
            camera.name = trap
        window = {"agent_id": "", "camera_id": "", "ended_by": "", "withdrawn_by": "", "withdrawn_at_ms": None}
        session.add(
            WindowRecord(
                scope="district",
                district="=1+1",
                from_ms=parse(DAY).from_ms,
                to_ms=None,
                reason=TRAPS[0],
                entered_by="works",
                entered_at_ms=0,
                retroactive=True,
                **window,
            )
        )
    return open_assessor(store, CameraPositions(store, dict).on_file, lambda: parse("2026-12").to_ms)


@given(st.text(max_size=200))
def test_no_text_begins_a_formula(text: str) -> None:
    made = safe_cell(text)
    assert not made.lstrip().startswith(("=", "+", "-", "@"))
    assert made.isprintable() or not made


def test_a_csv_has_a_bom_for_excel_and_no_formula(assessor: Assessor) -> None:
    data = export(assessor, DAY, "csv", sight=EVERYWHERE)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(rows) == len(TRAPS) + 1
    assert "在线率 Online" in rows[0]
    assert {row[3] for row in rows[1:]} == {safe_cell(trap) for trap in TRAPS}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t"))]


def test_a_workbook_holds_text_and_numbers_and_nothing_that_computes(assessor: Assessor) -> None:
    book = openpyxl.load_workbook(io.BytesIO(export(assessor, DAY, "xlsx", sight=EVERYWHERE)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@"))]
    assert len(book.sheetnames) == 5
    codes = {row[5].value for row in book[book.sheetnames[1]].iter_rows(min_row=2)}
    assert all(isinstance(code, str) and len(code) == 20 for code in codes)
    windows = [[cell.value for cell in row] for row in book[book.sheetnames[3]].iter_rows(min_row=2)]
    assert windows == [["district =1+1", f"{DAY} 00:00", "未定 open", safe_cell(TRAPS[0]), "works", "是 yes"]]


def test_a_rate_never_stands_without_its_verdict(assessor: Assessor) -> None:
    data = export(assessor, DAY, "csv", sight=EVERYWHERE).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    judged = assessor.judged(DAY, sight=EVERYWHERE).report.cameras
    verdicts = {finding.verdict for card in judged for finding in card.findings.values()}
    assert len(verdicts) > 1
    for indicator in ("在线率 Online", "图像正常率 Normal snapshots"):
        assert all(row[f"{indicator} 结论 Verdict"] for row in rows)
    book = openpyxl.load_workbook(io.BytesIO(export(assessor, DAY, "xlsx", sight=EVERYWHERE)))
    for sheet in book.worksheets[:2]:
        head = [cell.value for cell in next(sheet.iter_rows())]
        at = head.index("在线率 Online")
        assert head[at + 1] == "在线率 Online 结论 Verdict"
        assert all(row[at + 1].value in WORDS for row in sheet.iter_rows(min_row=2))


@pytest.mark.skipif(which("pdftotext") is None, reason="poppler-utils is not installed")
def test_the_pdf_says_the_verdict_below_each_rate(assessor: Assessor, tmp_path: Path) -> None:
    file = tmp_path / "day.pdf"
    file.write_bytes(export(assessor, DAY, "pdf", sight=EVERYWHERE))
    text = run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    cards = assessor.judged(DAY, sight=EVERYWHERE).report.cameras
    told = Counter(finding.verdict for card in cards for finding in card.findings.values())
    for verdict, count in told.items():
        assert text.count(verdict.value) >= count


def test_the_causes_of_gaps_are_words(assessor: Assessor) -> None:
    judged = assessor.judged(DAY, sight=EVERYWHERE)
    gaps = [Gap(1, 2, cause) for cause in ("broker_away", "centre_stopped", "not_watched", "=of a newer release")]
    causes = [row[2] for row in sheets(judged.report, judged.windows, gaps)[4].rows]
    assert causes[:3] == [
        "消息服务器不可达 Broker unreachable",
        "中心已停止 Centre stopped",
        "中心所在机器休眠 Server of the centre was asleep",
    ]
    assert causes[3] == safe_cell("=of a newer release")


def test_cells_have_causes_in_words_of_both_languages(assessor: Assessor) -> None:
    book = openpyxl.load_workbook(io.BytesIO(export(assessor, DAY, "xlsx", sight=EVERYWHERE)))
    judged = assessor.judged(DAY, sight=EVERYWHERE).report.cameras
    causes = {finding.cause for card in judged for finding in card.findings.values() if finding.cause}
    assert len(causes) > 5
    assert causes <= CAUSES.keys()
    head, *rows = [[cell.value for cell in row] for row in book[book.sheetnames[2]].iter_rows()]
    assert {row[head.index("原因 Cause")] for row in rows} - {None} == {words_of(cause).both for cause in causes}
    failed = [row[-1].value for row in book[book.sheetnames[1]].iter_rows(min_row=2) if row[-1].value]
    assert failed
    assert not [cell for cell in failed for cause in causes if f": {cause}" in cell]
    assert all("：" in each for cell in failed for each in cell.split("；"))


@pytest.mark.parametrize(
    ("cause", "both"),
    [
        ("unknown:broker_away", "消息服务器不可达 Broker unreachable"),
        ("clock_against:rtcp+sip", "时钟来源 RTCP / GB/T 28181 互相矛盾 Clock by RTCP / GB/T 28181: contradictory"),
        (
            "clock_against:rtcp+of_tomorrow",
            "时钟来源 RTCP / of_tomorrow 互相矛盾 Clock by RTCP / of_tomorrow: contradictory",
        ),
        ("of_a_newer_agent", "of_a_newer_agent"),
        ("", ""),
    ],
)
def test_a_cause_has_words_in_both_languages(cause: str, both: str) -> None:
    assert words_of(cause).both == both


def test_every_cause_has_chinese_of_its_own() -> None:
    for words in (*CAUSES.values(), *GAPS.values()):
        assert re.search("[一-鿿]", words.chinese)
        assert not re.search("[一-鿿]", words.english)


def test_a_pdf_is_drawn_with_a_font_that_readers_bring_where_the_machine_has_none(assessor: Assessor) -> None:
    data = as_pdf(
        "考核",
        sheets(
            assessor.judged(DAY, sight=EVERYWHERE).report,
            assessor.judged(DAY, sight=EVERYWHERE).windows,
            assessor.judged(DAY, sight=EVERYWHERE).gaps,
        ),
        font_files=(),
    )
    assert data.startswith(b"%PDF-")
    assert b"STSong-Light" in data
    assert b"/FontFile" not in data
    assert b"http" not in data


@pytest.mark.skipif(not any(file.is_file() for file in FONT_FILES), reason="no Chinese TrueType font on this machine")
def test_a_pdf_embeds_the_letters_of_a_font_that_the_machine_has(assessor: Assessor) -> None:
    data = export(assessor, DAY, "pdf", sight=EVERYWHERE)
    assert b"/FontFile2" in data
    assert len(data) < 200_000


def test_the_same_report_gives_the_same_file(assessor: Assessor) -> None:
    assert export(assessor, DAY, "csv", sight=EVERYWHERE) == export(assessor, DAY, "csv", sight=EVERYWHERE)
    assert export(assessor, DAY, "pdf", sight=EVERYWHERE) == export(assessor, DAY, "pdf", sight=EVERYWHERE)


def test_the_command_line_writes_what_the_suffix_says(tmp_path: Path) -> None:
    config = _config(tmp_path)
    store = open_records(load(CenterConfig, config)).store
    lay_down(store, cameras=3, faults_each=1, hours=3)
    store.close()
    for suffix, magic in ((".csv", b"\xef\xbb\xbf"), (".XLSX", b"PK"), (".pdf", b"%PDF")):
        out = tmp_path / f"report{suffix}"
        arguments = ["assess", "--month", MONTH, "--out", str(out), "--config", str(config)]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        assert out.read_bytes().startswith(magic)
        assert out.stat().st_mode & 0o077 == 0
    assert (tmp_path / "data" / DATABASE).exists()


def test_what_the_command_line_cannot_do_is_one_line(tmp_path: Path) -> None:
    config = ["--config", str(_config(tmp_path))]
    assert ".xlsx" in _fails("assess", "--month", MONTH, "--out", str(tmp_path / "report.doc"), *config)
    assert "2026-13" in _fails("assess", "--month", "2026-13", "--out", str(tmp_path / "report.csv"), *config)
    assert "folder" in _fails("assess", "--month", MONTH, "--out", str(tmp_path / "no" / "report.csv"), *config)
