"""Writes tables as PDF on A4, landscape. The one file that uses ReportLab.

The letters used of a Chinese font of this machine are embedded, so that any reader shows them. Without such a font it
is STSong-Light (Adobe-GB1), which readers bring with them or replace. Nothing is fetched.
"""

import io
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from center.assessment.export.sheets import RatedCell, Sheet, column_words, percent, verdict_words
from center.assessment.report import IndicatorFinding

READERS_FONT: Final = "STSong-Light"
FONT_FILES: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
)
"""Debian's fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback: TrueType outlines, which can be embedded."""
_SIZE: Final = 6.5
_MAX_LETTERS: Final = 24
_MAX_ROWS: Final = 2000
"""Rows of one table at most; the workbook has them all."""


def as_pdf(title: str, tables: tuple[Sheet, ...], font_files: tuple[Path, ...] = FONT_FILES) -> bytes:
    """Writes tables one below the other."""
    font = _font(font_files)
    heading = ParagraphStyle("heading", fontName=font, fontSize=13, leading=18)
    part = ParagraphStyle("part", fontName=font, fontSize=10, leading=15)
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=landscape(A4), margin=12 * mm, title=title, author="Wayside", invariant=1,
        leftMargin=12 * mm, rightMargin=12 * mm, topMargin=12 * mm, bottomMargin=12 * mm,
    )  # fmt: skip
    story: list[Any] = [Paragraph(escape(title), heading)]
    for table in tables:
        story += [Spacer(1, 4 * mm), Paragraph(escape(table.title), part)]
        if len(table.rows) > _MAX_ROWS:
            story.append(Paragraph(f"{_MAX_ROWS} / {len(table.rows)} (XLSX)", part))
        story.append(_drawn(table, font))

    def numbered(canvas: Any, page: Any) -> None:
        canvas.setFont(font, 7)
        canvas.drawRightString(landscape(A4)[0] - 12 * mm, 6 * mm, str(page.page))

    document.build(story, onLaterPages=numbered, onFirstPage=numbered)
    return buffer.getvalue()


def _font(files: tuple[Path, ...]) -> str:
    """Registers the font to draw with, and returns its name."""
    for file in files:
        if file.is_file():
            pdfmetrics.registerFont(TTFont(file.stem, str(file)))
            return file.stem
    pdfmetrics.registerFont(UnicodeCIDFont(READERS_FONT))
    return READERS_FONT


def _drawn(table: Sheet, font: str) -> LongTable:
    """Lays out a table; its cells are drawn as they are, never read as markup."""
    head = [column_words(column).replace(" ", "\n", 1) for column in table.head]
    rows = [[_shown(cell) for cell in row] for row in table.rows[:_MAX_ROWS]]
    drawn = LongTable([head, *rows], repeatRows=1)
    drawn.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), font, _SIZE),
                ("LEADING", (0, 0), (-1, -1), _SIZE + 1.5),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return drawn


def _shown(cell: RatedCell) -> str:
    """Writes a cell; a rate with its verdict below it, so that no rate is read as a pass."""
    if isinstance(cell, IndicatorFinding):
        return f"{_shown(percent(cell))}\n{verdict_words(cell)}"
    if cell is None:
        return "—"
    text = f"{cell:.2f}" if isinstance(cell, float) else str(cell)
    return "\n".join(
        text[start : start + _MAX_LETTERS] for start in range(0, min(len(text), 6 * _MAX_LETTERS), _MAX_LETTERS)
    )
