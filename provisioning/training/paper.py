"""Draws the sheet of a training on A4, to be signed, in Chinese and English."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from provisioning.acceptance.fonts import FONT_FILES, register
from provisioning.training.names import NAMES
from provisioning.training.phrase import Phrase

GRADES: Final[Mapping[str, Phrase]] = {
    "right": Phrase("found at once", "一次找对"),
    "late": Phrase("found later", "后来找对"),
    "given_up": Phrase("given up", "放弃"),
    "left_out": Phrase("left out", "未考"),
}
_TITLES: Final = ("#", "故障 fault", "原因 cause", "所答 answers", "结果 result", "提示 hints", "秒 s")
_WIDTHS: Final = tuple(each * mm for each in (8, 32, 44, 42, 24, 16, 16))
_SIGNERS: Final = ("学员 Trainee", "教员 Instructor", "日期 Date")
_MARGIN: Final = 14 * mm


def as_pdf(document: Mapping[str, Any], digest: str, fonts: Sequence[Path] = FONT_FILES) -> bytes:
    """Draws the sheet. Foreign text is drawn as it is and never read as markup."""
    font = register(fonts)
    large = ParagraphStyle("large", fontName=font, fontSize=15, leading=21)
    small = ParagraphStyle("small", fontName=font, fontSize=8.5, leading=12, wordWrap="CJK")
    lines = (
        f"学员 Trainee: {document['trainee']}    开始 Began: {document['began_at']}",
        f"一次找对并修好 Found at once and mended: {document['right']} / {document['asked']}",
        f"软件 Software: {document['software']}    JSON SHA-256: {digest[:16]}…",
    )
    story: list[Any] = [Paragraph("故障处置训练成绩单 Sheet of the training ground", large)]
    story += [Paragraph(escape(line), small) for line in lines]
    story += [Spacer(1, 4 * mm), _table(document["faults"], font, small), Spacer(1, 14 * mm)]
    signatures = Table([["", "", ""], list(_SIGNERS)], colWidths=[58 * mm] * len(_SIGNERS))
    signatures.setStyle(
        TableStyle([("FONT", (0, 0), (-1, -1), font, 9), ("LINEABOVE", (0, 1), (-1, 1), 0.6, colors.black)])
    )
    buffer = io.BytesIO()
    SimpleDocTemplate(
        buffer, pagesize=A4, title="Training", author="Wayside", invariant=1,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    ).build([*story, signatures])  # fmt: skip
    return buffer.getvalue()


def _table(faults: Sequence[Mapping[str, Any]], font: str, style: ParagraphStyle) -> LongTable:
    rows = [
        [
            str(number),
            Paragraph(escape(each["fault"]), style),
            Paragraph(escape(f"{each['cause']} {NAMES[each['cause']].zh}"), style),
            Paragraph(escape(", ".join(each["answers"]) or "–"), style),
            Paragraph(" ".join(reversed(GRADES[each["grade"]])), style),
            str(each["hints"]),
            f"{each['seconds']:.0f}",
        ]
        for number, each in enumerate(faults, 1)
    ]
    drawn = LongTable([list(_TITLES), *rows], colWidths=_WIDTHS, repeatRows=1)
    drawn.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), font, 8.5),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return drawn
