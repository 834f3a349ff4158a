"""Renders `summary.pdf`: the export for people, in Chinese and English, with small pictures.

The Chinese font is embedded: the configured one, or else one of Debian's if it is installed. Without any, the summary
names the font that Adobe defined for readers (STSong-Light), and a reader without CJK support shows no text; the other
files say the same.
"""

import html
import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from center.clock import local, utc
from center.errors import PictureBrokenError, StartError
from center.evidence.manifest import Case, LeftOut
from center.evidence.readme import STAMP_EN, STAMP_ZH, reason
from center.search.pictures import preview
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire.messages import Box

THUMBNAIL_PX: Final = 320
_THUMBNAIL_MM: Final = 62
FONTS: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/truetype/arphic/uming.ttc"),
)
"""Debian's fonts-wqy-microhei, fonts-droid-fallback, fonts-arphic-uming: TrueType outlines, which can be embedded."""
_CID: Final = "STSong-Light"
_EMBEDDED: Final = "wayside-evidence"
_GREY: Final = HexColor("#555555")
_BOX: Final = HexColor("#ffb020")
_drawing = threading.Lock()
_CLASSES: Final = {"car": "轿车", "bus": "客车", "truck": "货车", "bicycle": "自行车", "motorcycle": "摩托车"}


@dataclass(frozen=True, slots=True)
class Item:
    """One picture as the summary shows it; `thumbnail` is a JPEG, None if the picture cannot be decoded.

    `boxes` are drawn over it, in pixels of the whole picture, as the console does.
    """

    number: int
    folder: str
    thumbnail: bytes | None
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def load_font(file: Path | None) -> str:
    """Registers a font and returns its name. None: the first of `FONTS`, or the one that readers bring.

    Raises:
        StartError: the file is no TrueType font.
    """
    file = file or next(filter(Path.is_file, FONTS), None)
    if file is None:
        pdfmetrics.registerFont(UnicodeCIDFont(_CID))
        return _CID
    try:
        pdfmetrics.registerFont(_read_font(file))
    except (TTFError, OSError, ValueError) as error:
        raise StartError(
            what=f"[evidence]: font_file {file} is no TrueType font that can be embedded",
            what_to_do="Give a .ttf or .ttc with TrueType outlines, or leave font_file out",
        ) from error
    return _EMBEDDED


@lru_cache(maxsize=1)
def _read_font(file: Path) -> TTFont:
    """Reads a font: the outlines of Chinese take a quarter of a second of a processor."""
    return TTFont(_EMBEDDED, str(file), subfontIndex=0)


def item(number: int, folder: str, observation: Observation, jpeg: bytes, camera_name: str) -> Item:
    """Makes the summary's item of a picture: some 10 KB."""
    row = observation.snapshot
    try:
        thumbnail = preview(jpeg, max_side_px=THUMBNAIL_PX, row_key=row.row_key)
    except PictureBrokenError:
        thumbnail = None
    trusted = "可信 trusted" if row.time_trusted else "不可信 NOT trusted"
    counts: dict[str, int] = {}
    for machine in observation.machines:
        counts[machine.cls.value] = counts.get(machine.cls.value, 0) + 1
    machines = "、".join(f"{_CLASSES[cls]} {cls} {count}" for cls, count in sorted(counts.items())) or "—"
    return Item(
        number=number,
        folder=folder,
        thumbnail=thumbnail,
        width=row.width,
        height=row.height,
        boxes=tuple(machine.box for machine in observation.machines),
        lines=(
            f"时间 time: {local(row.captured_at_ms)}",
            f"= {utc(row.captured_at_ms)} ({trusted})",
            f"相机 camera: {camera_name + ' · ' if camera_name else ''}{row.camera_id}",
            f"代理 agent: {row.agent_id}",
            f"车辆 machines: {machines}",
            f"SHA-256: {row.picture_sha256}",
        ),
    )


def render(
    items: Sequence[Item],
    *,
    case: Case,
    export_id: str,
    exported_by: str,
    exported_at_ms: int,
    left_out: Sequence[LeftOut],
    clock: tuple[str, str],
    font: str,
) -> bytes:
    """Renders the PDF; the same bytes for the same facts. One at a time: reportlab's fonts belong to the process."""
    style = ParagraphStyle("text", fontName=font, fontSize=8.5, leading=12, alignment=TA_LEFT, wordWrap="CJK")
    small = ParagraphStyle("small", parent=style, fontSize=7.5, leading=10.5)
    title = ParagraphStyle("title", parent=style, fontSize=16, leading=22)
    heading = ParagraphStyle("heading", parent=style, fontSize=11, leading=16, spaceBefore=8)
    facts = (
        ("案件编号 Case", case.number),
        ("用途 Purpose", case.purpose),
        ("申请人 Requested by", case.requester),
        ("导出人 Exported by", exported_by),
        ("导出时间 Exported at", f"{local(exported_at_ms)} = {utc(exported_at_ms)}"),
        ("图片数 Pictures", str(len(items))),
        ("编号 Export", export_id),
    )
    story: list[Any] = [
        Paragraph("证据摘要 Evidence summary", title),
        Table(
            [[Paragraph(_safe(name), style), Paragraph(_safe(value), style)] for name, value in facts],
            colWidths=(42 * mm, 128 * mm),
            style=TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.25, _GREY)]),
        ),
        Paragraph("本页仅供阅读；有证明力的是已签名的清单及其列出的文件，核验方法见 README.txt。", small),
        Paragraph("This is for reading; what counts is the signed manifest and what it lists: see README.txt.", small),
    ]
    if left_out:
        story.append(Paragraph("未包含 Left out", heading))
        story += [
            Paragraph(_safe(f"{out.row_key}: {reason(out, chinese=True)} {reason(out, chinese=False)}"), small)
            for out in left_out
        ]
    story.append(Paragraph("图片 Pictures", heading))
    story += [_row(each, style, small) for each in items]
    story.append(Paragraph("时间戳 Time stamp", heading))
    story += [Paragraph(_safe(text), small) for text in (STAMP_ZH, clock[1], STAMP_EN, clock[0])]
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Evidence {case.number}",
        author="Wayside",
        invariant=1,
    )

    def foot(canvas: Any, page: Any) -> None:
        canvas.setFont(font, 7)
        canvas.setFillColor(_GREY)
        canvas.drawString(20 * mm, 10 * mm, f"{case.number} · {export_id}")
        canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(page.page))

    with _drawing:
        document.build(story, onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


class _Thumbnail(Flowable):  # type: ignore[misc] # reportlab has no types
    """A JPEG that is decoded while it is drawn and not kept: reportlab's own keeps 170 KB of pixels for each."""

    def __init__(self, jpeg: bytes, width: float, height: float, boxes: Sequence[Box], scale: float) -> None:
        """`scale`: points of the page for each pixel of the whole picture, which `boxes` refer to."""
        super().__init__()
        self._jpeg = jpeg
        self._boxes = boxes
        self._scale = scale
        self.width = width
        self.height = height

    def draw(self) -> None:
        """Draws the picture; reportlab calls this once its place is known."""
        reader = ImageReader(io.BytesIO(self._jpeg))
        self.canv.drawImage(reader, 0, 0, self.width, self.height)
        # The reader holds a method of its own, a cycle that would keep the pixels until the garbage is collected.
        del reader.jpeg_fh
        self.canv.setStrokeColor(_BOX)
        self.canv.setLineWidth(0.8)
        for box in self._boxes:
            left, bottom = box.x0 * self._scale, self.height - box.y1 * self._scale
            self.canv.rect(left, bottom, (box.x1 - box.x0) * self._scale, (box.y1 - box.y0) * self._scale)


def _row(each: Item, style: ParagraphStyle, small: ParagraphStyle) -> Table:
    if each.thumbnail is None:
        picture: Any = Paragraph("无法显示 cannot be shown", small)
    else:
        side = _THUMBNAIL_MM * mm / max(each.width, each.height)
        picture = _Thumbnail(each.thumbnail, each.width * side, each.height * side, each.boxes, side)
    words = [Paragraph(_safe(each.folder), style)]
    words += [Paragraph(_safe(line), small) for line in each.lines]
    return Table(
        [[picture, words]],
        colWidths=((_THUMBNAIL_MM + 4) * mm, (170 - _THUMBNAIL_MM - 4) * mm),
        style=TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEABOVE", (0, 0), (-1, 0), 0.25, _GREY)],
        ),
        spaceAfter=2 * mm,
    )


def _safe(text: str) -> str:
    """Escapes a text, which may hold anything, so that the paragraph does not read it as mark-up."""
    return html.escape("".join(char if char.isprintable() else "�" for char in text), quote=False)
