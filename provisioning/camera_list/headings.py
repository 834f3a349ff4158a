"""Reads the headings of a list. They are English or Chinese, in any case; an unknown one is an error.

A misspelt heading would otherwise silently cost every camera its password.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from provisioning.errors import CameraListError
from provisioning.files.sheet_lines import EMPTY, Cell, SheetLine

KNOWN: Final = {
    "id": ("id", "code", "国标编码", "编码", "设备编码"),
    "name": ("name", "名称", "名字"),
    "kind": ("kind", "接入方式", "类型"),
    "url": ("url", "address", "rtsp", "地址", "取流地址"),
    "device_id": ("deviceid", "设备国标编号", "国标设备编码"),
    "channel_id": ("channelid", "通道编码", "通道国标编号"),
    "username": ("username", "user", "用户名", "账号"),
    "password": ("password", "密码", "口令"),
    "latitude": ("latitude", "lat", "纬度"),
    "longitude": ("longitude", "lon", "lng", "经度"),
    "bearing_deg": ("bearingdeg", "bearing", "方位角", "朝向"),
}
"""Columns, and their headings without blanks, `_` and `-`."""

_REQUIRED: Final = ("id", "url")
_IN_PLACE: Final = {"url": "device_id"}
"""A list of registering devices has no addresses."""
_FIELDS: Final = {heading: name for name, headings in KNOWN.items() for heading in headings}
_JOINTS: Final = re.compile(r"[\s_-]")
_MAX_SHOWN: Final = 32


@dataclass(frozen=True, slots=True)
class Columns:
    """`names`: the column of each cell, empty without a heading; `headings`: the file's own heading of each."""

    names: tuple[str, ...]
    headings: dict[str, str]

    def cells(self, line: SheetLine) -> dict[str, Cell]:
        """Returns a line's cells by column; absent ones are empty.

        Raises:
            CameraListError: a value stands under no heading.
        """
        found = dict.fromkeys(KNOWN, EMPTY)
        for place, cell in enumerate(line.cells):
            name = self.names[place] if place < len(self.names) else ""
            if name:
                found[name] = cell
            elif not cell.is_blank:
                raise CameraListError(
                    f"there is a value in column {place + 1}, which has no heading; in CSV a value that holds the"
                    " separator stands in double quotes"
                )
        return found


def columns(lines: list[SheetLine]) -> Columns:
    """Reads the headings, which must be the first of the lines.

    Raises:
        CameraListError: there is no line, or a heading is missing, not known, or there twice.
    """
    if not lines:
        raise CameraListError("the list is empty: its first line names the columns, every other one is a camera")
    line = lines[0]
    if line.fault:
        raise CameraListError(f"line {line.number} must name the columns: {line.fault}")
    headings = [_plain(cell.text) for cell in line.cells]
    names = tuple(_FIELDS.get(_JOINTS.sub("", heading).casefold(), "") for heading in headings)
    missing = [name for name in _REQUIRED if name not in names and _IN_PLACE.get(name) not in names]
    if missing:  # so this may be no line of headings but a camera with its password: nothing of it is repeated
        wanted = " and none ".join(f"{name} (or {', '.join(KNOWN[name][1:])})" for name in missing)
        raise CameraListError(f"line {line.number} must name the columns, and none is called {wanted}")
    unknown = [
        f"column {place}{_shown(heading)}"
        for place, (heading, name) in enumerate(zip(headings, names, strict=True), 1)
        if heading and not name
    ]
    if unknown:
        raise CameraListError(
            f"line {line.number} has a heading that is not known, {', '.join(unknown)}: correct it, or take the column"
            f" out; known are {', '.join(map(_named, KNOWN))}"
        )
    for name in KNOWN:
        places = [str(place) for place, found in enumerate(names, 1) if found == name]
        if len(places) > 1:
            raise CameraListError(f"columns {' and '.join(places)} are both the {name}: take one out")
    return Columns(names, {name: heading for name, heading in zip(names, headings, strict=True) if name})


def _named(name: str) -> str:
    """Writes a column's name with its first Chinese heading."""
    return f"{name} ({next(each for each in KNOWN[name] if not each.isascii())})"


def _shown(heading: str) -> str:
    """Returns a heading if it is a word: digits and signs in it may be a password in the wrong line."""
    is_word = len(heading) <= _MAX_SHOWN and _JOINTS.sub("", heading).isalpha()
    return f" ({heading!r})" if is_word else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().removeprefix("'").strip()
