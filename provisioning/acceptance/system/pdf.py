"""Draws the record of a system's acceptance on A4, to be signed, in Chinese and English."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    CondPageBreak,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from provisioning.acceptance.fonts import FONT_FILES, register
from provisioning.acceptance.system.contract import Part
from provisioning.acceptance.system.record import AcceptanceRecord, JudgedRow, PastRun, RowChange, RowResult, figure
from provisioning.contracts.query.archive import ZONE, ZONE_TEXT
from provisioning.servers import inventory

PARTS: Final = {
    Part.FUNCTIONS: "功能 Functions",
    Part.QUANTITIES: "数量 Quantities",
    Part.PERFORMANCE: "性能 Performance",
    Part.SERVERS: "服务器与硬件 Servers and hardware",
    Part.LICENCES: "许可证 Licences",
    Part.DOCUMENTS: "文档 Documents",
    Part.TRAINING: "培训 Training",
}
RESULTS: Final = {
    RowResult.MET: "符合 met",
    RowResult.NOT_MET: "不符合 NOT MET",
    RowResult.NOT_MEASURED: "未测 not measured",
    RowResult.DECLINED: "不提供 declined",
}
_COLOURS: Final = {
    RowResult.MET: colors.HexColor("#1e6b34"),
    RowResult.NOT_MET: colors.HexColor("#b3261e"),
    RowResult.NOT_MEASURED: colors.HexColor("#8a5a00"),
    RowResult.DECLINED: colors.HexColor("#555555"),
}
_YES_NO: Final = ("是 yes", "否 no")
_SIGNERS: Final = ("承建单位 Supplier", "建设单位 Buyer", "日期 Date")
_MARGIN: Final = 14 * mm
_WIDTHS: Final = (35 * mm, 64 * mm, 28 * mm, 34 * mm, 24 * mm, 79 * mm)
_HEAD: Final = (
    "编号\nid",
    "约定\npromise",
    "要求\nwanted",
    "实测\nmeasured",
    "结果\nresult",
    "依据或原因\nsource, or reason",
)
_PAGE_WIDTH: Final = sum(_WIDTHS)
_TOGETHER: Final = 40 * mm
"""Height below which a title goes to the next page with what it is the title of."""
_LONGEST: Final = 600
"""Characters of a cell: a row must fit on a page. The data has all of it."""


class _Styles:
    def __init__(self, font: str) -> None:
        self.font = font
        self.title = ParagraphStyle("title", fontName=font, fontSize=16, leading=23)
        self.part = ParagraphStyle(
            "part", fontName=font, fontSize=11, leading=16, spaceBefore=5 * mm, spaceAfter=2 * mm
        )
        self.text = ParagraphStyle("text", fontName=font, fontSize=8.5, leading=13, wordWrap="CJK")
        self.cell = ParagraphStyle("cell", fontName=font, fontSize=7.5, leading=10)
        self.id = ParagraphStyle("id", parent=self.cell, wordWrap="CJK")

    def result(self, result: RowResult) -> Paragraph:
        style = ParagraphStyle(f"result {result}", parent=self.cell, textColor=_COLOURS[result])
        return Paragraph(RESULTS[result].replace(" ", "<br/>", 1), style)

    def both(self, zh: str, en: str) -> list[Paragraph]:
        """Makes a cell of both languages; each breaks as its script does."""
        words = [Paragraph(escape(_short(zh)), self.id)] if zh else []
        return [*words, Paragraph(escape(_short(en)), self.cell)] if en != zh else words


def as_pdf(record: AcceptanceRecord, digest: str, fonts: Sequence[Path] = FONT_FILES) -> bytes:
    """Draws the record; `digest` is its SHA-256. Foreign text is drawn as it is and never read as markup."""
    styles = _Styles(register(fonts))
    story: list[Any] = [*_heading(record, digest, styles), _summary(record, styles), _signatures(styles)]
    if record.faults:
        story += _part("合同中不可用的行（计为未测） Rows of the contract that cannot be used (not measured)", styles)
        story += [Paragraph(escape(f"{name}: {text}"), styles.text) for name, text in record.faults.items()]
    story += [*_part("与上次相比 Since the last run", styles), *_changes(record.past, styles)]
    for part, title in PARTS.items():
        if rows := [row for row in record.rows if row.part is part]:
            story += [*_part(title, styles), _rows(rows, styles)]
    for each in record.servers:
        title = f"硬件清单 Hardware of {each.server}: {each.host}, {_time(each.taken_at_ms)}"
        story += [*_part(title, styles), _server(each, styles)]
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=landscape(A4), title=f"Acceptance {record.contract}", author="Wayside", invariant=1,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip

    def numbered(canvas: Any, page: Any) -> None:
        canvas.setFont(styles.font, 7)
        canvas.drawString(_MARGIN, 7 * mm, f"SHA-256 {digest}")
        canvas.drawRightString(landscape(A4)[0] - _MARGIN, 7 * mm, f"{record.contract} · {page.page}")

    document.build(story, onFirstPage=numbered, onLaterPages=numbered)
    return buffer.getvalue()


def _heading(record: AcceptanceRecord, digest: str, styles: _Styles) -> Iterator[Paragraph]:
    yield Paragraph("系统验收报告 Acceptance of the system", styles.title)
    verdict = "通过 accepted" if record.is_accepted else "未通过 NOT ACCEPTED"
    contract = f"{record.title_zh} / {record.title_en} ({record.contract}, SHA-256 {record.contract_sha256[:16]}…)"
    lines = (
        f"合同 Contract: {contract}",
        f"建设单位 Buyer: {record.buyer or '—'} · 承建单位 Supplier: {record.supplier or '—'}",
        f"时间 Time: {_time(record.at_ms)} · 软件 Software: wayside {record.software} · Home: {record.home}",
        f"中心 Centre: {record.centre or '未询问 not asked'}",
        f"数据文件 Data: SHA-256 {digest}",
        f"结论 Result: {verdict}。每一行都“符合”或“不提供”才算通过 / accepted if every row is met or declined",
    )
    for line in lines:
        yield Paragraph(escape(line), styles.text)
    yield Paragraph("", styles.part)


def _summary(record: AcceptanceRecord, styles: _Styles) -> Table:
    head = ["", *(RESULTS[each].replace(" ", "\n", 1) for each in RowResult), "合计\nall"]
    rows: list[list[Any]] = []
    for part, title in PARTS.items():
        counts = record.counts(part)
        if sum(counts.values()):
            rows.append([title, *counts.values(), sum(counts.values())])
    if record.faults:
        rows.append(["不可用的行 rows that cannot be used", 0, 0, len(record.faults), 0, len(record.faults)])
    counts = record.counts()
    rows.append(["合计 All", *counts.values(), sum(counts.values())])
    drawn = Table([head, *rows], colWidths=[80 * mm, *([28 * mm] * (len(RowResult) + 1))], hAlign="LEFT")
    marks = [
        ("TEXTCOLOR", (column, row), (column, row), _COLOURS[result])
        for row, cells in enumerate(rows, 1)
        for column, result in enumerate(RowResult, 1)
        if cells[column]
    ]
    last = ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.black)
    drawn.setStyle(TableStyle([*_grid(styles), ("ALIGN", (1, 0), (-1, -1), "RIGHT"), last, *marks]))
    return drawn


def _rows(rows: Sequence[JudgedRow], styles: _Styles) -> LongTable:
    cells = [
        [
            Paragraph(escape(row.id), styles.id),
            styles.both(row.zh, row.en),
            Paragraph(escape(row.promise(_YES_NO)), styles.cell),
            [Paragraph(escape(figure(row.value, row.unit, _YES_NO)), styles.cell)]
            + ([] if row.at_ms is None else [Paragraph(_time(row.at_ms), styles.cell)]),
            styles.result(row.result),
            styles.both(row.how_zh, row.how_en),
        ]
        for row in rows
    ]
    drawn = LongTable([list(_HEAD), *cells], colWidths=list(_WIDTHS), repeatRows=1, hAlign="LEFT")
    drawn.setStyle(TableStyle(_grid(styles)))
    return drawn


def _changes(past: PastRun | None, styles: _Styles) -> Iterator[Any]:
    if past is None:
        yield Paragraph("这是第一次 This is the first run.", styles.text)
        return
    yield Paragraph(
        f"上次 Last run: {_time(past.at_ms)}, 合同 contract SHA-256 {past.contract_sha256[:16]}…", styles.text
    )
    results = [each for each in past.changes if each.before is not each.after]
    values = len(past.changes) - len(results)
    yield Paragraph(f"结果不同 results that differ: {len(results)}；仅数值不同 values alone: {values}", styles.text)
    if results:
        yield Spacer(1, 2 * mm)
        yield _changed(results, styles)


def _changed(results: Sequence[RowChange], styles: _Styles) -> LongTable:
    def cell(result: RowResult | None) -> Paragraph:
        return Paragraph("—", styles.cell) if result is None else styles.result(result)

    rows = [
        [
            Paragraph(escape(each.id), styles.id),
            cell(each.before),
            Paragraph(figure(each.value_before, "", _YES_NO), styles.cell),
            cell(each.after),
            Paragraph(figure(each.value_after, "", _YES_NO), styles.cell),
        ]
        for each in results
    ]
    head = ["编号\nid", "上次\nbefore", "", "这次\nnow", ""]
    drawn = LongTable([head, *rows], colWidths=[66 * mm, *([32 * mm] * 4)], repeatRows=1, hAlign="LEFT")
    drawn.setStyle(TableStyle(_grid(styles)))
    return drawn


def _server(found: inventory.Inventory, styles: _Styles) -> LongTable:
    lines = [*inventory.lines(found), *((part, f"未能读出 not read: {why}") for part, why in found.unread.items())]
    rows = [[Paragraph(escape(part), styles.cell), Paragraph(escape(text), styles.cell)] for part, text in lines]
    drawn = LongTable(rows, colWidths=[60 * mm, _PAGE_WIDTH - 60 * mm], hAlign="LEFT")
    drawn.setStyle(TableStyle(_grid(styles)[1:]))
    return drawn


def _signatures(styles: _Styles) -> Table:
    drawn = Table(
        [[""] * len(_SIGNERS), list(_SIGNERS)],
        colWidths=[_PAGE_WIDTH / 3] * len(_SIGNERS),
        rowHeights=[20 * mm, 7 * mm],
        hAlign="LEFT",
    )
    line = ("LINEABOVE", (0, 1), (-1, 1), 0.6, colors.black)
    drawn.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), styles.font, 9), line]))
    return drawn


def _grid(styles: _Styles) -> list[tuple[Any, ...]]:
    return [
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("FONT", (0, 0), (-1, -1), styles.font, 7.5),
        ("LEADING", (0, 0), (-1, -1), 10),
        ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]


def _part(title: str, styles: _Styles) -> list[Any]:
    return [CondPageBreak(_TOGETHER), Paragraph(escape(title), styles.part)]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, ZONE):%Y-%m-%d %H:%M} {ZONE_TEXT}"
