"""Registers a Chinese font for ReportLab: one of this machine, whose used letters are embedded, or the reader's own.

Without one here, the font is STSong-Light (Adobe-GB1), which PDF readers have or replace. Nothing is fetched.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

READERS_FONT: Final = "STSong-Light"
FONT_FILES: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
)
"""Debian's fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback: TrueType outlines, which can be embedded."""


def register(files: Sequence[Path]) -> str:
    """Registers the first of these fonts that is here, or the reader's. Returns its name."""
    for file in files:
        if file.is_file():
            pdfmetrics.registerFont(TTFont(file.stem, str(file)))
            return file.stem
    pdfmetrics.registerFont(UnicodeCIDFont(READERS_FONT))
    return READERS_FONT
