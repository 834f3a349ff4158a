"""Reads a technician's list of cameras, CSV or XLSX: every sound camera, and every fault of the others.

Lists are typed by hand, in Excel, beside a ladder. So all faults come at once, each with its line; a bad line costs
only itself; and anything that would silently lose a value is a fault.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provisioning.camera_list import headings
from provisioning.camera_list.headings import Columns
from provisioning.camera_list.values import Values
from provisioning.errors import CameraListError
from provisioning.files import sheets
from provisioning.files.sheet_lines import SheetError, SheetLine

MAX_BYTES: Final = 8 * 1024**2
MAX_CAMERAS: Final = 2000


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One sound camera. `line`: its line in the file; degrees, WGS 84."""

    line: int
    id: str
    name: str
    url: str = field(repr=False)  # a path may hold a vendor's token
    """Without user and password; `gb28181:DEVICE/CHANNEL` for a device that registers."""
    username: str | None
    password: str | None = field(repr=False)
    latitude: float | None
    longitude: float | None
    bearing_deg: float | None = None


@dataclass(frozen=True, slots=True)
class LineNote:
    """Fault of a line with the remedy, or a note on a line that is taken.

    `column` is the file's own heading, empty for the line as a whole.
    """

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.text}" if self.column else f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class CameraList:
    """Content of a list. `encoding`: utf-8, gb18030 or xlsx."""

    rows: tuple[CameraRow, ...]
    faults: tuple[LineNote, ...]
    encoding: str
    notes: tuple[LineNote, ...] = ()
    """Notes on lines that are taken: what was changed in them, or may be meant otherwise."""


def read(path: Path, *, near: tuple[float, float] | None = None) -> CameraList:
    """Reads a list. `near`: latitude and longitude of the site, degrees; a camera over 100 km away is a fault.

    White space and a leading apostrophe around a value are removed, and full-width digits of a code or a coordinate are
    digits. A password is the exact content of its cell, white space included. A workbook's number cell has no such
    text: a whole number is read, without the leading zeros that Excel dropped.

    Raises:
        CameraListError: the file as a whole is of no use: missing, over 8 MiB or 2,000 cameras, neither CSV nor XLSX,
            in another encoding, without headings, with an unknown or a repeated one.
    """
    try:
        lines, encoding = sheets.read(_bytes(path), MAX_CAMERAS)
        columns = headings.columns(lines)
    except (CameraListError, SheetError) as error:
        raise CameraListError(f"{path}: {error}") from None
    reading = _Reading(columns, near)
    rows = tuple(row for line in lines[1:] if (row := reading.row(line)) is not None)
    return CameraList(rows, tuple(reading.faults), encoding, tuple(reading.notes))


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise CameraListError("there is no such file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CameraListError(f"cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise CameraListError(f"the file is larger than {MAX_BYTES // 1024**2} MiB, which no list of cameras is")
    return data


class _Reading:
    """Reads the cameras of one list in their order: the first of two equal ones stands."""

    def __init__(self, columns: Columns, near: tuple[float, float] | None) -> None:
        self.faults: list[LineNote] = []
        self.notes: list[LineNote] = []
        self._columns = columns
        self._near = near
        self._ids: dict[str, int] = {}
        self._streams: dict[tuple[object, ...], int] = {}
        self._devices: dict[str, tuple[int, str | None, str | None]] = {}
        """Line, user and password of the first camera of each device."""

    def row(self, line: SheetLine) -> CameraRow | None:
        """Reads one camera; None after adding its faults."""
        if line.fault:
            self.faults.append(LineNote(line.number, "", line.fault))
            return None
        try:
            cells = self._columns.cells(line)
        except CameraListError as error:
            self.faults.append(LineNote(line.number, "", str(error)))
            return None
        values = Values(cells, self._columns.headings)
        camera_id, name, kind = values.id(), values.name(), values.kind()
        if camera_id is not None and (first := self._ids.setdefault(camera_id, line.number)) != line.number:
            cut = "; one that ends in 00000 may be a number that Excel cut" if camera_id.endswith("00000") else ""
            values.add(f"line {first} has the same id, and every camera has its own{cut}", "id")
        url, username, password = None, None, None
        if kind is not None:
            url, username, password = (self._device if kind == "gb28181" else self._stream)(values, line.number)
        latitude, longitude = values.place(self._near)
        bearing_deg = values.bearing()
        self.faults += [LineNote(line.number, heading, text) for heading, text in values.faults]
        if values.faults or camera_id is None or name is None or url is None:
            return None
        self.notes += [LineNote(line.number, heading, text) for heading, text in values.notes]
        return CameraRow(line.number, camera_id, name, url, username, password, latitude, longitude, bearing_deg)

    def _stream(self, values: Values, line: int) -> tuple[str | None, str | None, str | None]:
        """Reads address, user and password of a camera that the agent connects to."""
        address = values.address()
        if address is not None and (first := self._streams.setdefault(address.stream, line)) != line:
            values.add(f"line {first} has the same stream: take one of them out", "url")
        return (None if address is None else address.url), *values.credentials(address)

    def _device(self, values: Values, line: int) -> tuple[str | None, str | None, str | None]:
        """Reads the same of a registering device's channel: all channels of a device have its user and password."""
        channel = values.channel()
        username, password = values.device_credentials(channel)
        if channel is None:
            return None, username, password
        if (first := self._streams.setdefault(channel, line)) != line:
            values.add(f"line {first} has the same channel of this device: take one of them out", "channel_id")
        first, its_username, its_password = self._devices.setdefault(channel.device_id, (line, username, password))
        for name, its, this in (("username", its_username, username), ("password", its_password, password)):
            if its is not None and this is not None and its != this:
                values.add(f"line {first} is of the same device and has another {name}: a device has one", name)
        return str(channel), username, password
