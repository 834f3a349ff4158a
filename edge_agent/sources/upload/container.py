"""Recognizes an upload's container by its first bytes, or says why it cannot be read as it arrives. Sans-IO.

FFmpeg is told what to expect and guesses nothing: among what it would guess are playlists, which open other files.
"""

import struct
from enum import StrEnum
from typing import Final

from edge_agent.sources.upload.album import ALBUM_MAGIC

ENOUGH_BYTES: Final = 64 * 1024
"""With so many bytes `recognise` always has an answer."""
_EBML: Final = b"\x1a\x45\xdf\xa3"
_TS_PACKET: Final = 188
_TS_SYNC: Final = 0x47
_MP4_STARTS: Final = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_MAGICS: Final = {
    _EBML: "matroska",
    b"FLV": "flv",
    b"DHAV": "dhav",
    b"DAHUA": "dhav",
    b"\0\0\x01\xba": "mpeg",
}


class Container(StrEnum):
    """Containers that can be read in one go from their start.

    The values of the videos are FFmpeg's names of its demuxers.
    """

    MATROSKA = "matroska"
    MPEG_TS = "mpegts"
    MP4 = "mov"
    ALBUM = "album"


class UnusableRecordingError(ValueError):
    """Nothing of this can be ingested. The text says what to do.

    Attributes:
        code: short word for programs.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recognise(head: bytes, *, is_all: bool = False) -> Container | None:
    """Returns the container that begins with `head`; None while more bytes are needed.

    `is_all`: no more bytes will come.

    Raises:
        UnusableRecordingError: an MP4 whose index comes last, or nothing that is known.
    """
    needs_more = not is_all and len(head) < ENOUGH_BYTES
    if head.startswith(_EBML):
        return Container.MATROSKA
    if head.startswith(ALBUM_MAGIC):
        return Container.ALBUM
    if head[4:8] in _MP4_STARTS:
        return _mp4(head, needs_more=needs_more)
    if head[:1] == bytes([_TS_SYNC]):
        if len(head) > _TS_PACKET:
            if head[_TS_PACKET] == _TS_SYNC:
                return Container.MPEG_TS
        elif needs_more:
            return None
    if len(head) < len(ALBUM_MAGIC) and needs_more:
        return None
    raise UnusableRecordingError(
        "unknown_container",
        "these bytes are no Matroska, MPEG transport stream or MP4: send the file with `wayside-edge ingest`, which"
        " reads more kinds, or rewrite it once: ffmpeg -i FILE -c copy -an -f matroska -",
    )


def demuxer_of(head: bytes) -> str:
    """Returns FFmpeg's name of the demuxer for a file that begins with `head` and can be read at any place.

    Raises:
        UnusableRecordingError: `unknown_container`.
    """
    if head[4:8] in _MP4_STARTS:
        return Container.MP4.value
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if _is_ts(head):
        return Container.MPEG_TS.value
    for magic, demuxer in _MAGICS.items():
        if head.startswith(magic):
            return demuxer
    raise UnusableRecordingError(
        "unknown_container",
        "this is no MP4, MOV, Matroska, AVI, FLV, DAV or MPEG stream: bring it with `wayside-edge ingest`, which reads"
        " more kinds, or convert it once: ffmpeg -i FILE -c copy -an OUT.mkv",
    )


def _is_ts(head: bytes) -> bool:
    """True for packets of 188 bytes, or of 192 with a time before each (M2TS)."""
    return any(
        head[first : first + 1] == head[first + step : first + step + 1] == bytes([_TS_SYNC])
        for first, step in ((0, _TS_PACKET), (4, _TS_PACKET + 4))
    )


def _mp4(head: bytes, *, needs_more: bool) -> Container | None:
    """Walks the boxes (ISO/IEC 14496-12, 4.2) to the index, `moov`, which has to stand before the media, `mdat`."""
    at = 0
    while at + 16 <= len(head):
        (size,) = struct.unpack_from(">I", head, at)
        kind = head[at + 4 : at + 8]
        if kind == b"moov":
            return Container.MP4
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, at + 8)
        if kind == b"mdat" or size < 8 or at + size > ENOUGH_BYTES:
            break
        at += size
    else:
        if needs_more:
            return None
    raise UnusableRecordingError(
        "index_at_end",
        "this MP4 has its index behind its pictures, so it cannot be read while it arrives: send it with `wayside-edge"
        " ingest`, or rewrite it once: ffmpeg -i FILE -c copy -an -movflags +faststart OUT.mp4",
    )
