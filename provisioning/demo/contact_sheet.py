"""Draws a contact sheet for a person: redacted snapshots with the machines found in them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from provisioning.contracts.wire.messages import Box
from provisioning.demo.centre import ListedObservation

CELL: Final = (480, 232)
"""Width of a snapshot, and its height with the line of text below."""
_TEXT_HEIGHT: Final = 28
_COLUMNS: Final = 3
_GAP: Final = 8
_PAPER, _INK, _BOX = (250, 250, 248), (32, 34, 38), (255, 176, 0)


@dataclass(frozen=True)
class Print:
    """A snapshot and its picture."""

    seen: ListedObservation
    jpeg: bytes


def choose(observations: Sequence[ListedObservation], cameras: Sequence[str], count: int) -> list[ListedObservation]:
    """Chooses up to `count` observations, as many of each camera, spread over the run; by camera, oldest first.

    Takes from each span of time the one with most machines in a view that is not chosen yet, since the film repeats.
    """
    share = max(1, count // max(1, len(cameras)))
    chosen: list[ListedObservation] = []
    for camera in cameras:
        own = sorted((seen for seen in observations if seen.camera_id == camera), key=lambda seen: seen.captured_at_ms)
        spans = min(share, len(own))
        views: set[tuple[Box, ...]] = set()
        for number in range(spans):
            span = own[number * len(own) // spans : (number + 1) * len(own) // spans]
            best = max(span, key=lambda seen: (_view(seen) not in views, len(seen.machines)))
            views.add(_view(best))
            chosen.append(best)
    return chosen


def _view(seen: ListedObservation) -> tuple[Box, ...]:
    return tuple(machine.box for machine in seen.machines)


def draw(path: Path, prints: Sequence[Print], title: str) -> None:
    """Writes the sheet as PNG.

    Raises:
        OSError: a picture cannot be decoded, or the file not written.
    """
    rows = -(-len(prints) // _COLUMNS)
    width = _COLUMNS * (CELL[0] + _GAP) + _GAP
    sheet = Image.new("RGB", (width, 2 * _GAP + _TEXT_HEIGHT + rows * (CELL[1] + _GAP)), _PAPER)
    ImageDraw.Draw(sheet).text((_GAP, _GAP), title, _INK, ImageFont.load_default(18))
    for number, item in enumerate(prints):
        row, column = divmod(number, _COLUMNS)
        left, top = _GAP + column * (CELL[0] + _GAP), 2 * _GAP + _TEXT_HEIGHT + row * (CELL[1] + _GAP)
        sheet.paste(_cell(item), (left, top))
    sheet.save(path)


def _cell(item: Print) -> Image.Image:
    cell = Image.new("RGB", CELL, _PAPER)
    with Image.open(io.BytesIO(item.jpeg)) as picture:
        room = (CELL[0], CELL[1] - _TEXT_HEIGHT)
        scale = min(room[0] / picture.width, room[1] / picture.height)
        size = (round(picture.width * scale), round(picture.height * scale))
        cell.paste(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS), (0, 0))
    pen = ImageDraw.Draw(cell)
    small = ImageFont.load_default(11)
    for machine in item.seen.machines:
        box = machine.box
        left, top, right, bottom = (round(side * scale) for side in (box.x0, box.y0, box.x1, box.y1))
        pen.rectangle((left, top, right - 1, bottom - 1), outline=_BOX, width=2)
        pen.text((left + 3, max(0, top - 13)), f"{machine.cls} {machine.score:.2f}", _BOX, small)
    moment = datetime.fromtimestamp(item.seen.captured_at_ms / 1000, UTC)
    text = f"{item.seen.camera_id}  {moment:%Y-%m-%d %H:%M:%S} UTC  machines: {len(item.seen.machines)}"
    pen.text((2, size[1] + 6), text, _INK, ImageFont.load_default(13))
    return cell
