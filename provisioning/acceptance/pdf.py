"""Draws the acceptance report of a site on A4, to be signed, in Chinese and English."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from provisioning.acceptance.fonts import FONT_FILES, register
from provisioning.acceptance.judging import AcceptanceOutcome, CameraCard, CameraFinding, Question
from provisioning.contracts.causes.text import CHINESE, ENGLISH

QUESTIONS: Final[Mapping[Question, str]] = {
    Question.REACHABLE: "可达 reachable",
    Question.PICTURE: "图像 picture",
    Question.CLOCK: "时钟 clock",
    Question.CODE: "编码 code",
    Question.COORDINATES: "坐标 coordinates",
    Question.REDACTION: "脱敏 redaction",
    Question.ARCHIVED: "首图入库 archived",
}
OUTCOMES: Final[Mapping[AcceptanceOutcome, str]] = {
    AcceptanceOutcome.PASS: "合格 pass",
    AcceptanceOutcome.FAIL: "不合格 FAIL",
    AcceptanceOutcome.OPEN: "待查 open",
    AcceptanceOutcome.NONE: "—",
}
_COLOURS: Final = {
    AcceptanceOutcome.FAIL: colors.HexColor("#b3261e"),
    AcceptanceOutcome.OPEN: colors.HexColor("#8a5a00"),
}
_SIGNERS: Final = ("施工单位 Installed by", "验收单位 Accepted by", "日期 Date")
_MARGIN: Final = 14 * mm


@dataclass(frozen=True, slots=True)
class Heading:
    """Facts above the table."""

    site: str
    agent_id: str
    surveyed_at: str
    software: str
    digest: str
    """First digits of the survey's SHA-256, by which paper and file can be compared."""


def as_pdf(
    heading: Heading, cards: Sequence[CameraCard], verdict: AcceptanceOutcome, fonts: Sequence[Path] = FONT_FILES
) -> bytes:
    """Draws the report. Foreign text is drawn as it is and never read as markup."""
    font = register(fonts)
    large = ParagraphStyle("large", fontName=font, fontSize=15, leading=21)
    small = ParagraphStyle("small", fontName=font, fontSize=8.5, leading=13, wordWrap="CJK")
    lines = (
        f"站点 Site: {heading.site}    设备 Agent: {heading.agent_id}    软件 Software: {heading.software}",
        f"检测时间 Surveyed: {heading.surveyed_at}    检测文件 Survey SHA-256: {heading.digest}…",
        f"结论 Result: {OUTCOMES[verdict]}",
    )
    story: list[Any] = [Paragraph("站点验收报告 Acceptance of a site", large)]
    story += [Paragraph(escape(line), small) for line in lines]
    story += [Spacer(1, 4 * mm), _table(cards, font, small), Spacer(1, 4 * mm)]
    story += [
        Paragraph(
            escape(f"{card.camera_id} · {QUESTIONS[question]}: {OUTCOMES[finding.outcome]}: {_found(finding)}"), small
        )
        for card in cards
        for question, finding in card.findings.items()
        if finding.outcome in {AcceptanceOutcome.FAIL, AcceptanceOutcome.OPEN}
    ]
    story += [Spacer(1, 12 * mm), _signatures(font)]
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=landscape(A4), title=f"Acceptance {heading.agent_id}", author="Wayside", invariant=1,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip

    def numbered(canvas: Any, page: Any) -> None:
        canvas.setFont(font, 7)
        canvas.drawRightString(landscape(A4)[0] - _MARGIN, 7 * mm, f"{heading.agent_id} · {page.page}")

    document.build(story, onFirstPage=numbered, onLaterPages=numbered)
    return buffer.getvalue()


def _found(finding: CameraFinding) -> str:
    """Writes a finding in both languages; figures, and an older agent's text, once."""
    return " / ".join(dict.fromkeys((finding.words(CHINESE), finding.words(ENGLISH))))


def _table(cards: Sequence[CameraCard], font: str, style: ParagraphStyle) -> LongTable:
    head = ["编号 id", "名称 name", *(QUESTIONS[question].replace(" ", "\n", 1) for question in Question)]
    rows = [
        [
            Paragraph(escape(card.camera_id), style),
            Paragraph(escape(card.name), style),
            *(OUTCOMES[card.findings[question].outcome] for question in Question),
        ]
        for card in cards
    ]
    drawn = LongTable([head, *rows], colWidths=[42 * mm, 45 * mm, *([26 * mm] * len(Question))], repeatRows=1)
    marks = [
        ("TEXTCOLOR", (column, row), (column, row), _COLOURS[card.findings[question].outcome])
        for row, card in enumerate(cards, 1)
        for column, question in enumerate(Question, 2)
        if card.findings[question].outcome in _COLOURS
    ]
    drawn.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), font, 8.5),
                ("LEADING", (0, 0), (-1, -1), 11),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                *marks,
            ]
        )
    )
    return drawn


def _signatures(font: str) -> Table:
    drawn = Table(
        [[""] * len(_SIGNERS), list(_SIGNERS)], colWidths=[85 * mm] * len(_SIGNERS), rowHeights=[14 * mm, 7 * mm]
    )
    drawn.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), font, 9), ("LINEABOVE", (0, 1), (-1, 1), 0.6, colors.black)]))
    return drawn
