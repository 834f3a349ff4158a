"""Checks a PMTiles archive (version 3) before it is kept: header, bounds of its parts, root directory, metadata.

Tiles are read by the browser's library, by ranges of the file. Nothing is unpacked without a bound.
"""

import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import BinaryIO, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from center.basemap.geojson import first_fault

MAGIC: Final = b"PMTiles"
MAX_BYTES: Final = 2 * 1024**3
MAX_UNPACKED: Final = 4 * 1024 * 1024
"""Bytes of the root directory, or of the metadata, once unpacked. Packed, the directory has 16 KiB at most."""
_HEADER: Final = 127
_ROOT_END: Final = 16_384
_MAX_METADATA: Final = 1024 * 1024
_DEGREE: Final = 1e7
_GZIP: Final = 2
_VECTOR: Final = 1
_PICTURES: Final = {2: "PNG", 3: "JPEG", 4: "WebP"}
_MAX_ZOOM: Final = 22


class ArchiveError(Exception):
    """The reason that a file is no archive that can be shown, and the remedy."""

    def __init__(self, cause: str, what_to_do: str = "Give a whole PMTiles archive of version 3") -> None:
        super().__init__(cause)
        self.cause = cause
        self.what_to_do = what_to_do


class _Layer(BaseModel):
    id: str = Field(min_length=1, max_length=64)


class _Metadata(BaseModel):
    model_config = ConfigDict(frozen=True)

    attribution: str = Field(default="", max_length=2000)
    vector_layers: tuple[_Layer, ...] = Field(default=(), max_length=200)


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """Facts of an archive that maps and commands show."""

    is_vector: bool
    tiles: str
    """Kind of its tiles, in words."""
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]
    """West, south, east, north, in degrees."""
    attribution: str
    """Its markup is taken away: archives write it as HTML."""
    layers: tuple[str, ...]


def read_facts(file: BinaryIO, size: int) -> ArchiveFacts:
    """Checks an archive and reads its facts.

    Raises:
        ArchiveError: it is none, it is cut off, or a part of it is too large.
        OSError: it cannot be read.
    """
    file.seek(0)
    header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(MAGIC):
        raise ArchiveError("it has no header of PMTiles")
    if header[7] != 3:
        raise ArchiveError(f"it is PMTiles of version {header[7]}")
    spans = [_span(header, at) for at in (8, 24, 40, 56)]
    root, metadata, _leaves, tiles = spans
    if any(begin + length > size for begin, length in spans) or root[0] < _HEADER:
        raise ArchiveError("it is cut off, or its header points outside of the file")
    if not root[1] or not tiles[1]:
        raise ArchiveError("it has no tiles")
    if root[0] + root[1] > _ROOT_END or metadata[1] > _MAX_METADATA:
        raise ArchiveError("its root directory or its metadata is too large")
    if header[97] != _GZIP:
        raise ArchiveError("its directories are not packed with gzip", "Write it anew with directories in gzip")
    is_vector = header[99] == _VECTOR
    if not is_vector and header[99] not in _PICTURES:
        raise ArchiveError(
            "its tiles are neither vector tiles (MVT) nor PNG, JPEG or WebP", "Write it anew with tiles of such a kind"
        )
    low, high = header[100], header[101]
    west, south, east, north = (_signed(header, at) / _DEGREE for at in (102, 106, 110, 114))
    if not low <= high <= _MAX_ZOOM or not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ArchiveError("its zoom levels or its bounds in degrees are impossible")
    if is_vector and not high:
        raise ArchiveError("its vector tiles end at zoom level 0, which no map draws", "Write it anew to zoom level 14")
    _unpacked(file, root)
    said = _metadata(_unpacked(file, metadata))
    return ArchiveFacts(
        is_vector=is_vector,
        tiles="vector tiles" if is_vector else f"{_PICTURES[header[99]]} pictures",
        min_zoom=low,
        max_zoom=high,
        bounds=(west, south, east, north),
        attribution=_plain(said.attribution),
        layers=tuple(layer.id for layer in said.vector_layers),
    )


def _span(header: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(header[at : at + 8], "little"), int.from_bytes(header[at + 8 : at + 16], "little")


def _signed(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "little", signed=True)


def _unpacked(file: BinaryIO, span: tuple[int, int]) -> bytes:
    begin, length = span
    file.seek(begin)
    unpack = zlib.decompressobj(wbits=31)
    try:
        content = unpack.decompress(file.read(length), MAX_UNPACKED)
    except zlib.error as error:
        raise ArchiveError("a directory or its metadata is damaged") from error
    if not unpack.eof:
        raise ArchiveError("a directory or its metadata is damaged, or too large once unpacked")
    return content


def _metadata(content: bytes) -> _Metadata:
    try:
        return _Metadata.model_validate_json(content)
    except ValidationError as error:
        raise ArchiveError(f"its metadata: {first_fault(error)}") from error


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _plain(markup: str) -> str:
    """Returns the text of an attribution, which archives write as HTML."""
    text = _Text()
    text.feed(markup)
    text.close()
    return " ".join("".join(text.parts).split())[:200]
