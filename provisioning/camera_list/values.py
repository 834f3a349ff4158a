"""Checks the values of one line, each on its own and with its neighbours."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeVar
from urllib.parse import quote

from provisioning.camera_list import coordinates, gb_code, rtsp_address
from provisioning.camera_list.rtsp_address import RtspAddress
from provisioning.contracts import ids
from provisioning.errors import CameraListError
from provisioning.files.sheet_lines import BLANKS, CUT_NUMBER, Cell
from provisioning.home.device_channel import ID_PATTERN, DeviceChannel

_MAX_NAME: Final = 128  # contracts.config.Camera
_MAX_USERINFO: Final = 127
"""FFmpeg keeps `user:password`, percent-encoded, in `char auth[128]` and cuts the rest (libavformat/rtsp.h)."""
_EXPONENT: Final = re.compile(r"\d(?:[.,]\d+[eE]\+?|[eE]\+)[12]\d", re.ASCII)
"""3.402E+19: Excel's form of a 20-digit code. An id such as 2E10 does not match."""
_CAMERA_ID: Final = re.compile(ids.CAMERA_PATTERN[1:-1])
_DEVICE_ID: Final = re.compile(ID_PATTERN, re.ASCII)
_MAX_DIGEST: Final = 128
"""Characters of a device's user or password; its sealed form has 4,096 hex digits at most."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
Kind = Literal["rtsp", "snapshot", "gb28181"]
_KINDS: Final[dict[str, Kind]] = {
    "rtsp": "rtsp",
    "snapshot": "snapshot",
    "取图": "snapshot",
    "gb28181": "gb28181",
    "gbt28181": "gb28181",
    "国标": "gb28181",
}
_SIGNS: Final = re.compile(r"[\s/_-]")

_T = TypeVar("_T")


class Values:
    """The cells of one line. `faults`, `notes`: heading and text of every fault in them, of every note on them."""

    def __init__(self, cells: dict[str, Cell], headings: dict[str, str]) -> None:
        self.faults: list[tuple[str, str]] = []
        self.notes: list[tuple[str, str]] = []
        self._cells = cells
        self._headings = headings

    def id(self) -> str | None:
        """Returns the checked camera id."""
        return self._take("id", _camera_id)

    def name(self) -> str | None:
        """Returns the camera's name, which may be empty."""
        return self._take("name", _name)

    def kind(self) -> Kind | None:
        """Returns the kind of source: from its column, or from the other columns."""
        stated = self._take("kind", _kind)
        named = next((name for name in ("device_id", "channel_id") if not self._cells[name].is_blank), "")
        if named and not self._cells["url"].is_blank:
            self.add(
                "there is an address and a device: a camera is fetched by RTSP, or its device registers by GB/T 28181;"
                " take one of them out",
                named,
            )
            return None
        if stated in {"rtsp", "snapshot"} and named:
            self.add(f"the kind is {stated}, and there is a device that registers: correct one of them", "kind")
            return None
        if stated == "" and not named and "device_id" in self._headings and self._cells["url"].is_blank:
            self.add("there is neither an address nor a device: write one of them", "url", "device_id")
            return None
        return (stated or ("gb28181" if named else "rtsp")) if stated is not None else None

    def channel(self) -> DeviceChannel | None:
        """Returns the ids of a registering device and its channel."""
        device_id = self._take("device_id", lambda text: _device_id(text, "device"))
        channel_id = self._take("channel_id", lambda text: _device_id(text, "channel"))
        return None if device_id is None or channel_id is None else DeviceChannel(device_id, channel_id)

    def device_credentials(self, channel: DeviceChannel | None) -> tuple[str | None, str | None]:
        """Returns user and password that the device registers with; most use their id as the user."""
        username = self._take("username", lambda text: _digest(text.strip(BLANKS)))
        password = self._take("password", _digest)
        if password == "":
            self.add(
                "a device that registers needs a password of its own: set one in it, and write it here", "password"
            )
        return username or (None if channel is None else channel.device_id), password or None

    def address(self) -> RtspAddress | None:
        """Returns the parsed address, of a stream or, by its kind, of a picture."""
        form = rtsp_address.PICTURE if self._take("kind", _kind) == "snapshot" else rtsp_address.RTSP
        address = self._take("url", lambda text: rtsp_address.split(_trimmed(text), form))
        if address is not None:
            self.notes += [(self._headings["url"], text) for text in _notes(address)]
        return address

    def credentials(self, address: RtspAddress | None) -> tuple[str | None, str | None]:
        """Returns user and password of address or columns: both or neither; given twice, they must agree."""
        before = len(self.faults)
        username = self._take("username", lambda text: _printable(text.strip(BLANKS)))
        password = self._take("password", _printable)
        if len(self.faults) > before:
            return None, None
        if address is not None:
            for name, one, other in (
                ("username", address.username, username),
                ("password", address.password, password),
            ):
                if one and other and one != other:
                    self.add(f"the address holds another {name}: leave one of them out", name)
            username, password = address.username or username, address.password or password
        if username and password:
            taken = len(f"{quote(username, safe='')}:{quote(password, safe='')}")
            if taken > _MAX_USERINFO:
                self.add(
                    f"user and password take {taken} bytes percent-encoded, and there is room for {_MAX_USERINFO}:"
                    " give the camera shorter ones",
                    "password",
                )
        elif address is not None and (username or password):  # a faulty address may hold either
            there, missing = ("username", "password") if username else ("password", "username")
            self.add(f"there is a {there} and no {missing}: give both, or neither", missing, there)
        return username or None, password or None

    def place(self, near: tuple[float, float] | None) -> tuple[float | None, float | None]:
        """Returns latitude and longitude: both or neither, and near the site."""
        before = len(self.faults)
        latitude = self._take("latitude", coordinates.degrees)
        longitude = self._take("longitude", coordinates.degrees)
        if len(self.faults) > before:
            return None, None
        if latitude is not None and longitude is not None:
            try:
                coordinates.check(latitude, longitude, near=near)
            except CameraListError as error:
                self.add(str(error), "latitude")
        elif latitude is not None or longitude is not None:
            there, missing = ("longitude", "latitude") if latitude is None else ("latitude", "longitude")
            self.add(f"there is a {there} and no {missing}: give both, or neither", missing, there)
        return latitude, longitude

    def bearing(self) -> float | None:
        """Returns the compass direction in which the camera looks, None without one."""
        return self._take("bearing_deg", coordinates.bearing)

    def add(self, text: str, *names: str) -> None:
        """Adds a fault, under the first of these columns that the file has."""
        self.faults.append(
            (next((self._headings[name] for name in (*names, "url") if name in self._headings), ""), text)
        )

    def _take(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        cell = self._cells[name]
        if cell.fault:
            self.add(cell.fault, name)
            return None
        if cell.is_number and name in {"username", "password"} and not cell.text.isdigit():
            self.add("the spreadsheet holds a number here: format the column as text and enter it again", name)
            return None
        try:
            return parse(cell.text)
        except CameraListError as error:
            self.add(str(error), name)
            return None


def _notes(address: RtspAddress) -> Iterator[str]:
    if address.username or address.password:
        yield "user and password were taken out of the address and are kept by themselves"
    if not address.has_path:
        yield "the address has no path: if the camera shows no picture, take the path from its manual"


def _trimmed(text: str) -> str:
    return text.strip(BLANKS).removeprefix("'").strip(BLANKS)


def _camera_id(text: str) -> str:
    value = _trimmed(unicodedata.normalize("NFKC", text))
    if not value:
        raise CameraListError("there is no id: give the camera's 20-digit code, or an id of your own")
    if _EXPONENT.fullmatch(value):
        raise CameraListError(CUT_NUMBER)
    if not _CAMERA_ID.fullmatch(value):
        raise CameraListError("this is no id: 1 to 64 of A-Z, a-z, 0-9, '_', '.', '-', the first a letter or digit")
    if value.isdigit():
        gb_code.check_camera(value)
    return value


def _kind(text: str) -> Kind | Literal[""]:
    value = _SIGNS.sub("", _trimmed(unicodedata.normalize("NFKC", text))).casefold()
    if not value:
        return ""
    if value not in _KINDS:
        raise CameraListError("this is no kind: write rtsp, snapshot or gb28181, or nothing")
    return _KINDS[value]


def _device_id(text: str, what: str) -> str:
    value = _trimmed(unicodedata.normalize("NFKC", text))
    if not value:
        raise CameraListError(f"there is no id of the {what}: `wayside-edge devices --channels` shows them")
    if _EXPONENT.fullmatch(value):
        raise CameraListError(CUT_NUMBER)
    if not _DEVICE_ID.fullmatch(value):
        raise CameraListError(f"this is no id of a {what}: 1 to 64 of A-Z, a-z, 0-9, '_' and '-', most have 20 digits")
    return value


def _digest(text: str) -> str:
    if len(text) > _MAX_DIGEST:
        raise CameraListError(f"this is longer than {_MAX_DIGEST} characters: give the device a shorter one")
    return _printable(text)


def _name(text: str) -> str:
    value = _trimmed(text)
    if len(value) > _MAX_NAME:
        raise CameraListError(f"the name has {len(value)} characters, and there is room for {_MAX_NAME}")
    if any(unicodedata.category(character) in _INVISIBLE for character in value):
        raise CameraListError("there is a line break or an invisible character in the name: type it again")
    return value


def _printable(text: str) -> str:
    if not text.isprintable():
        raise CameraListError("there is a line break, a tab or an invisible character in it: type it again")
    return text
